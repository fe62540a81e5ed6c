/*
 * What a page of the course does by itself: plots are drawn as they come into view, in the colours of the page's theme,
 * as wide as their place; what scrolls sideways can be reached with Tab. Plotly is loaded when the first plot is near. Its
 * sliders listen to keys through the script that JupyterLab has for that, course.js.
 */
(() => {
  const PLOTLY = new URL(document.currentScript.dataset.plotly, document.currentScript.src).href;
  /** lib/notebook/plot/theme.ts writes in this colour, which white and black grounds bear alike; a page knows its ground. */
  const TEXT = /#787a80/gi;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const inDark = () => {
    const { theme } = document.body.dataset;
    return theme === "dark" || (theme !== "light" && dark.matches);
  };

  let loading = null;
  /** Plotly, fetched once. */
  function plotly() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = PLOTLY;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("Plotly could not be loaded"));
      document.head.append(script);
    });
    return loading;
  }

  const placeOf = (plot) => plot.querySelector(".course-plot-place");

  /** Plotly's figure, with text in a colour for the page. */
  function figureOf(plot) {
    const json = plot.querySelector('script[type="application/json"]').textContent;
    const { data, layout, frames, config } = JSON.parse(json.replace(TEXT, inDark() ? "#ced1d6" : "#43474e"));
    return { data, layout: { ...layout, width: placeOf(plot).clientWidth }, frames, config };
  }

  /** Draws a plot, again where it is drawn already: sliders stay where they are. */
  async function draw(plot) {
    const Plotly = await plotly();
    const place = placeOf(plot);
    const active = (place.layout?.sliders ?? []).map((slider) => slider.active ?? 0);
    const figure = figureOf(plot);
    active.forEach((step, i) => (figure.layout.sliders[i].active = step));
    if (plot.dataset.drawn !== undefined) Plotly.purge(place);
    place.replaceChildren();
    await Plotly.newPlot(place, figure);
    for (const [i, step] of active.entries()) {
      const { method, args } = figure.layout.sliders[i].steps[step];
      if (method === "animate") await Plotly.animate(place, ...args);
    }
    plot.dataset.drawn = "";
  }

  function drawPlots() {
    const plots = [...document.querySelectorAll("figure.course-plot")];
    const near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          void draw(target);
        }
      },
      { rootMargin: "50%" },
    );
    plots.forEach((plot) => near.observe(plot));

    const drawn = () => plots.filter(({ dataset }) => dataset.drawn !== undefined);
    const widths = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) {
        const there = target.layout?.width;
        if (there !== undefined && contentRect.width > 0 && Math.abs(there - contentRect.width) > 1) {
          void window.Plotly.relayout(target, { width: contentRect.width });
        }
      }
    });
    plots.forEach((plot) => widths.observe(placeOf(plot)));

    let wasDark = inDark();
    const recolour = () => {
      if (wasDark === inDark()) return;
      wasDark = inDark();
      drawn().forEach((plot) => void draw(plot));
    };
    new MutationObserver(recolour).observe(document.body, { attributeFilter: ["data-theme"] });
    dark.addEventListener("change", recolour);
  }

  /** What is wider than its place scrolls; then the keyboard must get there. */
  function reachWhatScrolls() {
    const boxes = document.querySelectorAll(
      'pre, .course-scroll, .course-math, .table-wrapper, .cell_output [style*="overflow-x"]',
    );
    const look = () => {
      const wide = [...boxes].map((box) => box.scrollWidth > box.clientWidth + 1); // all reads before all writes
      [...boxes].forEach((box, i) => (wide[i] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
    };
    new ResizeObserver(look).observe(document.querySelector("article") ?? document.body);
    document.fonts.addEventListener("loadingdone", look); // its letters may be wider, in a box of the same size
  }

  drawPlots();
  reachWhatScrolls();
  // Keys for sliders, as in JupyterLab.
  window._JUPYTERLAB?.["deepseek-v3-course"]?.get().then((module) => module().default.activate());
})();
