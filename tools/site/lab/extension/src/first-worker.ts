/*
 * Runs before JupyterLab's own modules are there (bundle.mjs puts it in front of the extension): starts the worker for the
 * notebook that this page will open.
 */
import { keepFirstWorker, startWorker } from "./start-worker";

const query = new URLSearchParams(location.search);
/** A page that is loaded again has only its workspace in its address, named after the notebook (index.ts). */
const notebook = query.get("path") ?? (query.has("workspace") ? `${query.get("workspace")}.ipynb` : "");

if (notebook.endsWith(".ipynb")) keepFirstWorker(startWorker(new URL("../worker/", location.href).href, notebook));
