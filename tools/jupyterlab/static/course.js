/*
 * What the course adds to JupyterLab's page. The set-up lays this folder among JupyterLab's extensions inside .venv
 * (kernel.mjs), so that a learner's own JupyterLab, a hub's and Binder's show lessons alike. Nothing here is compiled:
 * at its end it gives itself out as the container that JupyterLab expects an extension to be.
 *
 * - A saved plot is a still, as wide as the window was when it was drawn, on a white ground. JupyterLab draws the plot
 *   itself only when a pointer is on it, which a keyboard has not. Here it is drawn as it comes near the view.
 * - Plotly's sliders listen to a pointer alone. Here Tab reaches them, arrows move them, and a screen reader is told
 *   their value.
 * - A title that a narrow column cuts off gets a smaller letter and as many lines as it needs.
 * - A link to a cell of a notebook that is not open yet leads there once the notebook stands: JupyterLab looks for the
 *   cell at once, when there is none, and stays at the top.
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

  const TITLE = "text.gtitle";
  const NARROW_LETTER = 13; // pixels; two lines of it fit where Plotly has left room for one of its own
  /** Plots whose title is looked at after each drawing. */
  const watched = new WeakSet();

  /** Words in lines of at most that width, in the letter that the context measures. */
  function inLines(words, width, context) {
    const lines = [];
    for (const word of words) {
      const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
      if (lines.length > 0 && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }

  /** Breaks a plot's title anew where it is wider than the picture. */
  function fitTitle(title) {
    const picture = title.ownerSVGElement;
    const parts = [...title.querySelectorAll("tspan.line")];
    const lines = (parts.length > 0 ? parts : [title]).map((part) => part.textContent ?? "");
    const left = Number(title.getAttribute("x"));
    const room = picture.getBoundingClientRect().width - left - 8;
    const { fontFamily, fontSize, fontWeight } = window.getComputedStyle(title);
    const context = document.createElement("canvas").getContext("2d");
    context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    if (room <= 0 || lines.every((line) => context.measureText(line).width <= room)) return;
    context.font = `${fontWeight} ${NARROW_LETTER}px ${fontFamily}`;
    const broken = inLines(lines.join(" ").split(/\s+/), room, context);
    title.style.fontSize = `${NARROW_LETTER}px`;
    title.replaceChildren(
      ...broken.map((line, number) => {
        const part = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
        const place = { class: "line", x: left, y: title.getAttribute("y"), dy: `${1.25 * number}em` };
        for (const [name, value] of Object.entries(place)) part.setAttribute(name, value);
        part.textContent = line;
        return part;
      }),
    );
  }

  function fitTitles() {
    whenAdded(TITLE, (title) => {
      const plot = plotOf(title);
      if (plot === null || watched.has(plot)) return;
      watched.add(plot);
      const fit = () => plot.querySelectorAll(TITLE).forEach(fitTitle);
      plot.on("plotly_afterplot", fit);
      fit();
    });
  }

  /** What a click on a link to a place in a file runs. */
  const FOLLOW = "rendermime:handle-local-link";
  /** How often a notebook is asked for the place, and how long after it was shown, in milliseconds. */
  const [ASK_EVERY, ASK_FOR] = [250, 10_000];

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /** The document of that path, once there is one; null if none comes. */
  async function documentOf(shell, path) {
    for (let waited = 0; waited < 60_000; waited += ASK_EVERY) {
      const found = [...shell.widgets("main")].find((widget) => widget.context?.path === path);
      if (found !== undefined) return found;
      await pause(ASK_EVERY);
    }
    return null;
  }

  /** Whether the top of a notebook's cell is in view. */
  function inView({ content }, cellId) {
    const node = content.widgets.find(({ model }) => model.id === cellId)?.node;
    if (!node?.isConnected) return false;
    const [cell, frame] = [node, content.node].map((element) => element.getBoundingClientRect());
    return cell.top >= frame.top - 1 && cell.top < frame.bottom;
  }

  /** Asks a notebook for a cell until it shows it, unless the reader moves meanwhile. */
  async function leadTo(shell, path, fragment) {
    const cellId = /^#?cell-id=(.+)$/.exec(fragment)?.[1];
    const notebook = cellId === undefined ? null : await documentOf(shell, path);
    if (!notebook?.content?.widgets) return;
    await Promise.all([notebook.context.ready, notebook.revealed]);
    let moved = false;
    const stop = () => (moved = true);
    const acts = ["wheel", "keydown", "pointerdown"];
    for (const act of acts) notebook.node.addEventListener(act, stop, { once: true, capture: true });
    // Cells above grow while they are drawn, so that one sight of it is not enough.
    for (
      let waited = 0, seen = 0;
      waited < ASK_FOR && seen < 4 && !moved && !notebook.isDisposed;
      waited += ASK_EVERY
    ) {
      if (inView(notebook, cellId)) seen++;
      else notebook.setFragment(fragment);
      await pause(ASK_EVERY);
    }
    for (const act of acts) notebook.node.removeEventListener(act, stop, { capture: true });
  }

  function followLinks({ commands, shell }) {
    commands.commandExecuted.connect((_, { id, args }) => {
      if (id === FOLLOW && args?.path && args.id) void leadTo(shell, args.path, args.id);
    });
  }

  const style = new URL("course.css", document.currentScript.src).href;
  const plugin = {
    id: "deepseek-v3-course:pictures",
    description:
      "Draws saved plots as they come into view, opens their sliders to the keyboard, follows links to cells.",
    autoStart: true,
    activate: (app) => {
      addStyle(style);
      drawStills();
      reachSliders();
      fitTitles();
      if (app !== undefined) followLinks(app); // a page to read (tools/site/read/) has no JupyterLab around it
    },
  };
  window._JUPYTERLAB ??= {};
  const module = { __esModule: true, default: plugin };
  window._JUPYTERLAB["deepseek-v3-course"] = { init: () => {}, get: async () => () => module };
})();
