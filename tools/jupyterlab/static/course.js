/*
 * What the course adds to JupyterLab's page. The set-up lays this folder among JupyterLab's extensions inside .venv
 * (kernel.mjs), so that a learner's own JupyterLab, a hub's and Binder's show lessons alike. Nothing here is compiled:
 * at its end it gives itself out as the container that JupyterLab expects an extension to be.
 *
 * - A saved plot is a still, as wide as the window was when it was drawn, on a white ground. JupyterLab draws the plot
 *   itself only when a pointer is on it, which a keyboard has not. Here it is drawn as it comes near the view.
 * - Plotly's sliders listen to a pointer alone. Here Tab reaches them, arrows move them, and a screen reader is told
 *   their value.
 */
(() => {
  const STILL = ".jp-RenderedPlotly > .plot-img";
  const SLIDER = "g.slider-group";

  /** Has the page load the rules beside this file. */
  function addStyle(url) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: url });
    document.head.append(link);
  }

  /** Does something with each element of a kind that the page gets. */
  function whenAdded(kind, act) {
    new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
      const found = added.flatMap((node) => [node.closest(kind), ...node.querySelectorAll(kind)]);
      for (const element of new Set(found)) if (element !== null) act(element);
    }).observe(document.body, { childList: true, subtree: true });
  }

  /** Draws each still's plot once it is in view, or a screen away where the browser can tell. */
  function drawStills() {
    const near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          // What JupyterLab's renderer of plots waits for.
          target.dispatchEvent(new MouseEvent("mouseenter"));
        }
      },
      { scrollMargin: "100%" },
    );
    whenAdded(STILL, (still) => {
      // A plot that has no still has the element too, but nothing to load in it.
      if (still.naturalWidth > 0) near.observe(still);
      else still.addEventListener("load", () => near.observe(still), { once: true });
    });
  }

  const plotOf = (slider) => slider.closest(".js-plotly-plot");

  /** The slider as the figure has it: its steps, and which of them is active. */
  function stateOf(slider) {
    const number = [...plotOf(slider).querySelectorAll(SLIDER)].indexOf(slider);
    return plotOf(slider).layout.sliders[number];
  }

  function describe(slider) {
    const { steps, active = 0, currentvalue } = stateOf(slider);
    const attributes = {
      tabindex: 0,
      role: "slider",
      "aria-label": (currentvalue?.prefix ?? "").replace(/:\s*$/, "") || "slider",
      "aria-valuemin": 0,
      "aria-valuemax": steps.length - 1,
      "aria-valuenow": active,
      "aria-valuetext": steps[active].label,
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (slider.getAttribute(name) !== String(value)) slider.setAttribute(name, value);
    }
  }

  /** Gives a slider that Plotly has drawn a place in the order of Tab. */
  function makeReachable(slider) {
    if (!slider.hasAttribute("role")) plotOf(slider).on("plotly_sliderchange", () => describe(slider));
    describe(slider);
  }

  /** Moves a slider as a pointer does, which presses its rail where a tick is. */
  function press(slider, step) {
    const tick = slider.querySelectorAll("rect.slider-tick-rect")[step].getBoundingClientRect();
    const at = { bubbles: true, cancelable: true, clientX: tick.x + tick.width / 2, clientY: tick.y };
    slider.querySelector("rect.slider-rail-touch-rect").dispatchEvent(new MouseEvent("mousedown", at));
    plotOf(slider).dispatchEvent(new MouseEvent("mouseup", at));
  }

  /** The step that a key leads to; null for a key that is none of a slider's. */
  function stepAfter(key, active, last) {
    const page = Math.max(2, Math.round(last / 10));
    const to = {
      ArrowRight: active + 1,
      ArrowUp: active + 1,
      ArrowLeft: active - 1,
      ArrowDown: active - 1,
      PageUp: active + page,
      PageDown: active - page,
      Home: 0,
      End: last,
    }[key];
    return to === undefined ? null : Math.min(last, Math.max(0, to));
  }

  function moveSliders(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const slider = event.target instanceof Element ? event.target.closest(`${SLIDER}[role]`) : null;
    if (slider === null) return;
    const { steps, active = 0 } = stateOf(slider);
    const step = stepAfter(event.key, active, steps.length - 1);
    if (step === null) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // arrows walk from cell to cell otherwise
    if (step !== active) press(slider, step);
    describe(slider);
  }

  function reachSliders() {
    whenAdded(SLIDER, (slider) => {
      if (plotOf(slider) !== null) makeReachable(slider);
    });
    window.addEventListener("keydown", moveSliders, true); // before JupyterLab's own keys, which are the document's
  }

  const style = new URL("course.css", document.currentScript.src).href;
  const plugin = {
    id: "deepseek-v3-course:pictures",
    description: "Draws saved plots as they come into view, and opens their sliders to the keyboard.",
    autoStart: true,
    activate: () => {
      addStyle(style);
      drawStills();
      reachSliders();
    },
  };
  window._JUPYTERLAB ??= {};
  const module = { __esModule: true, default: plugin };
  window._JUPYTERLAB["deepseek-v3-course"] = { init: () => {}, get: async () => () => module };
})();
