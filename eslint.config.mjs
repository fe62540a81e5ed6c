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
  tensor: [],
  statistics: [], // intervals and comparisons of plain numbers
  numerics: ["tensor"],
  model: ["tensor", "numerics"],
  checkpoint: ["tensor", "numerics", "model"],
  corpus: ["tensor"],
  training: ["tensor", "numerics", "model", "checkpoint", "corpus", "statistics"],
  inference: ["tensor", "numerics", "model", "checkpoint"],
  economics: ["model", "checkpoint"], // counts from a configuration: no tensors
  notebook: [], // shows whatever it is given, and knows nothing of models
  drawings: ["model", "notebook"], // pictures of the architecture, from a configuration
  claims: ["model", "checkpoint", "corpus", "training", "inference", "economics", "statistics", "notebook"],
  lessons: [
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
  { ignores: ["node_modules/", ".venv/", ".cache/", "work/"] },
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
        Buffer: "readonly",
        require: "readonly",
        module: "writable",
        __dirname: "readonly",
      },
    },
  },
  {
    // Runs in JupyterLab's page.
    files: ["tools/jupyterlab/**/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: Object.fromEntries(
        ["document", "window", "Element", "MouseEvent", "IntersectionObserver", "MutationObserver"].map((name) => [
          name,
          "readonly",
        ]),
      ),
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
