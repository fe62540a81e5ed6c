import js from "@eslint/js";
import tseslint from "typescript-eslint";

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
      globals: { process: "readonly", console: "readonly", setTimeout: "readonly", clearTimeout: "readonly",
        setInterval: "readonly", clearInterval: "readonly", URL: "readonly", fetch: "readonly", Buffer: "readonly",
        require: "readonly", module: "writable", __dirname: "readonly" },
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
  {
    // The arrows between lib's folders point one way: tensor <- model <- the rest; notebook knows nothing of the model.
    files: ["lib/tensor/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["../model/*", "../economics/*", "../notebook/*", "../exercises/*"] }] },
  },
  { files: ["lib/model/**/*.ts"], rules: { "no-restricted-imports": ["error", { patterns: ["../economics/*", "../notebook/*", "../exercises/*"] }] } },
  { files: ["lib/notebook/**/*.ts"], rules: { "no-restricted-imports": ["error", { patterns: ["../model/*", "../economics/*", "../exercises/*"] }] } },
  {
    files: ["lib/economics/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["../tensor/*", "../notebook/*", "../exercises/*", "../model/!(config)"] }] },
  },
  {
    // What holds and what does not is said of all the rest, and nothing but exercises and lessons builds on it.
    files: ["lib/claims/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["../exercises/*"] }] },
  },
);
