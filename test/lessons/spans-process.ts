/** Reads exercises in a process of its own: the compiler keeps its thread for long. Masters on stdin, what was read on stdout. */
import { text } from "node:stream/consumers";
import { type Master, readExercises } from "./spans";

void text(process.stdin).then((given) => {
  process.stdout.write(JSON.stringify(readExercises(JSON.parse(given) as Master[])));
});
