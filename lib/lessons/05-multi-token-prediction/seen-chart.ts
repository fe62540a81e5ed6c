/** A picture of which tokens each predictor has seen: a square for each, with a legend entry for each kind. */
import type { Figure, Trace } from "../../notebook/plot/plot";

/** The main model, a chain of modules and parallel heads, all at the state of token i, up to `furthest` tokens further. */
export function whoSeesWhatChart(furthest: number): Figure {
  const further = Array.from({ length: furthest }, (_, k) => k + 1);
  const predictors = [
    { name: "main model", seenTo: 0, predicts: 1 },
    ...further.map((k) => ({ name: `chain, module ${k}`, seenTo: k, predicts: k + 1 })),
    ...further.map((k) => ({ name: `parallel head ${k + 1}`, seenTo: 0, predicts: k + 1 })),
  ];
  const tokens = Array.from({ length: 5 + furthest }, (_, c) => c - 3);
  const name = (token: number) => (token === 0 ? "i" : token < 0 ? `i−${-token}` : `i+${token}`);
  const squares = (kind: string, symbol: string, holds: (p: (typeof predictors)[number], token: number) => boolean) => {
    const at = predictors.flatMap((p, row) =>
      tokens.filter((token) => holds(p, token)).map((token) => ({ token, row })),
    );
    return {
      type: "scatter",
      mode: "markers",
      name: kind,
      x: at.map(({ token }) => token),
      y: at.map(({ row }) => row),
      text: at.map(({ token, row }) => `${predictors[row].name}: token ${name(token)} ${kind}`),
      hoverinfo: "text",
      marker: { size: 24, symbol },
    } satisfies Trace;
  };
  const ticks = (labels: string[], values: number[]) => ({ tickmode: "array", tickvals: values, ticktext: labels });
  const names = predictors.map(({ name }) => name);
  return {
    data: [
      squares("seen", "square", ({ seenTo }, token) => token <= seenTo),
      squares("predicted", "diamond", ({ predicts }, token) => token === predicts),
    ],
    layout: {
      title: { text: "Which tokens has a prediction seen?" },
      xaxis: {
        title: { text: "token" },
        range: [tokens[0] - 0.6, tokens[tokens.length - 1] + 0.6],
        zeroline: false,
        ...ticks(tokens.map(name), tokens),
      },
      yaxis: {
        title: { text: "predictor" },
        range: [predictors.length - 0.4, -0.6],
        zeroline: false,
        ...ticks(
          names,
          names.map((_, row) => row),
        ),
      },
      height: 220 + 50 * predictors.length,
      showlegend: true,
    },
  };
}
