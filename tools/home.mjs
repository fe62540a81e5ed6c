/*
 * node tools/home.mjs FOLDER: makes FOLDER a person's own folder of this course, with copies of the lessons in
 * FOLDER/work. What a hub runs before a person's server starts (deploy/).
 */
import { prepareHome } from "./setup/home.mjs";

console.log(prepareHome(process.argv[2]));
