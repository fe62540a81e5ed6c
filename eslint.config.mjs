import js from "@eslint/js";
import boundaries from "eslint-plugin-boundaries";
import tseslint from "typescript-eslint";

/**
 * What each folder of lib may import, besides itself and packages. A folder imports only what stands above it here, so
 * the library can be read from top to bottom. Masters, tools and tests may import all of it; it imports none of them.
 *
 * @type {Record<string, string[]>}
 */
export const MAY_IMPORT = {
  host: [], // where Node and a browser differ
  statistics: [], // intervals and comparisons of plain numbers
  tensor: ["host"],
  numerics: ["host", "tensor"],
  model: ["host", "tensor", "numerics"],
  checkpoint: ["host", "tensor", "numerics", "model"],
  corpus: ["host", "tensor"],
  training: ["host", "tensor", "numerics", "model", "checkpoint", "corpus", "statistics"],
  inference: ["host", "tensor", "numerics", "model", "checkpoint"],
  economics: ["host", "model", "checkpoint"], // counts from a configuration: no tensors
  notebook: ["host"], // shows whatever it is given, and knows nothing of models
  drawings: ["host", "model", "notebook"], // pictures of the architecture, from a configuration
  claims: ["host", "model", "checkpoint", "corpus", "training", "inference", "economics", "statistics", "notebook"],
  lessons: [
    "host",
    "tensor",
    "numerics",
    "model",
    "checkpoint",
    "corpus",
    "training",
    "inference",
    "economics",
    "statistics",
    "notebook",
    "drawings",
    "claims",
  ],
};

/** @type {import("eslint").Linter.Config} */
const arrows = {
  files: ["lib/**/*.ts", "tools/**/*.{ts,mjs,cjs}"],
  plugins: { boundaries },
  settings: {
    "boundaries/elements": [
      ...Object.keys(MAY_IMPORT).map((folder) => ({ type: folder, pattern: `lib/${folder}` })),
      ...["tools", "test", "notebooks"].map((folder) => ({ type: folder, pattern: folder })),
    ],
    "boundaries/dependency-nodes": ["import", "export", "dynamic-import"],
    "import/resolver": { node: { extensions: [".ts", ".mjs", ".js"] } },
  },
  rules: {
    "boundaries/dependencies": [
      "error",
      {
        default: "disallow",
        message: "{{from.type}} may not import {{to.type}}: see MAY_IMPORT in eslint.config.mjs",
        policies: Object.entries({ ...MAY_IMPORT, tools: Object.keys(MAY_IMPORT) }).map(([folder, others]) => ({
          from: { element: { type: folder } },
          allow: { to: { element: { types: { anyOf: others } } } },
        })),
      },
    ],
  },
};

export default tseslint.config(
  { ignores: ["node_modules/", ".venv/", ".cache/", "work/", "site/"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        URL: "readonly",
        fetch: "readonly",
        performance: "readonly",
        Buffer: "readonly",
        require: "readonly",
        module: "writable",
        __dirname: "readonly",
      },
    },
  },
  {
    // Runs in JupyterLab's page, and in the pages of the site.
    files: ["tools/jupyterlab/**/*.js", "tools/site/read/static/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: Object.fromEntries(
        [
          "document",
          "window",
          "Element",
          "MouseEvent",
          "IntersectionObserver",
          "MutationObserver",
          "ResizeObserver",
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    // Runs beside the page of the course in a tab.
    files: ["tools/site/lab/service-worker.js"],
    languageOptions: {
      sourceType: "script",
      globals: Object.fromEntries(["self", "caches", "crypto", "Response"].map((name) => [name, "readonly"])),
    },
  },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  {
    // A lesson declares what the learner goes on to use, and speaks through tagged templates.
    files: ["notebooks/source/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unused-vars": "off",
      "@typescript-eslint/no-unused-expressions": ["error", { allowTaggedTemplates: true }],
    },
  },
  arrows,
);
