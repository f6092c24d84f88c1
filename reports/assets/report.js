"use strict";
// What moves in the report: tables that sort and filter, and charts. All words come from the page.
(() => {
  const page = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);

  // --- tables -------------------------------------------------------------------------------------
  const number = (cell) => (cell.dataset.value === undefined ? NaN : Number(cell.dataset.value));
  const said = (cell) => cell.textContent.trim();

  function compare(one, other) {
    const [a, b] = [number(one), number(other)];
    if (Number.isNaN(a) && Number.isNaN(b)) return said(one).localeCompare(said(other), page.lang);
    if (Number.isNaN(a)) return -1; // what is unknown stands below every number
    return Number.isNaN(b) ? 1 : a - b;
  }

  function sortBy(table, column, heading) {
    const up = heading.getAttribute("aria-sort") === "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((one, other) => {
      // the row that small groups share stays last
      const pooled = one.classList.contains("pooled") - other.classList.contains("pooled");
      const order = compare(one.cells[column], other.cells[column]);
      return pooled || (up ? order : -order);
    });
    body.append(...rows);
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sortBy(table, column, heading));
    });
  }

  function makeFilter(table, place) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const told = document.createElement("output");
    input.type = "search";
    label.className = "filter";
    label.append(words.filter, input);
    place.before(label, told);
    told.className = "small quiet";
    input.addEventListener("input", () => {
      const asked = input.value.trim().toLocaleLowerCase(page.lang);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !said(row.cells[0]).toLocaleLowerCase(page.lang).includes(asked);
        shown += row.hidden ? 0 : 1;
      }
      told.textContent = asked ? words.shown.replace("{shown}", shown).replace("{all}", table.tBodies[0].rows.length) : "";
    });
  }

  for (const table of document.querySelectorAll("table.sorts")) {
    makeSortable(table);
    if (table.tBodies[0].rows.length > Number(words.filterFrom)) makeFilter(table, table);
  }

  // --- one of several tables or charts ------------------------------------------------------------
  for (const set of document.querySelectorAll(".choices")) {
    const panels = [...set.querySelectorAll(":scope > [data-choice]")];
    if (panels.length < 2) continue;
    const label = document.createElement("label");
    const select = document.createElement("select");
    label.className = "filter";
    label.append(set.dataset.label, select);
    for (const panel of panels) select.add(new Option(panel.dataset.choice));
    const show = () => panels.forEach((panel, place) => (panel.hidden = place !== select.selectedIndex));
    select.addEventListener("change", () => { show(); drawAll(set); });
    set.prepend(label);
    show();
  }

  // --- charts -------------------------------------------------------------------------------------
  const escaped = (text) => echarts.format.encodeHTML(text).replaceAll("\n", "<br>");
  const colour = (name) => getComputedStyle(page).getPropertyValue(name).trim();

  const drawn = {
    // an upright line from the low to the high end of an interval
    interval(parameters, api) {
      const [low, high] = [1, 2].map((end) => api.coord([api.value(0), api.value(end)]));
      return {
        type: "line",
        shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] },
        style: { stroke: api.visual("color"), lineWidth: 1.6 },
        silent: true,
      };
    },
  };

  // options come as data: colours as names of the page's own, functions as names of those above
  function finished(value) {
    if (Array.isArray(value)) return value.map(finished);
    if (value === null || typeof value !== "object") {
      return typeof value === "string" && value.startsWith("--") ? colour(value) : value;
    }
    const made = {};
    for (const [key, inner] of Object.entries(value)) {
      made[key] = key === "renderItem" ? drawn[inner] : finished(inner);
    }
    return made;
  }

  const base = () => ({
    animation: false,
    aria: { enabled: false }, // the caption and the table beside it speak
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("--muted") },
    tooltip: {
      confine: true,
      backgroundColor: colour("--paper"),
      borderColor: colour("--line"),
      textStyle: { color: colour("--ink"), fontSize: 13 },
      extraCssText: "max-width: 20rem; white-space: normal",
      formatter: (one) => escaped((one.data && one.data.tip) || one.name),
    },
  });

  const axis = (given) => ({
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("--line") } },
    nameTextStyle: { color: colour("--muted"), fontSize: 12 },
    ...finished(given),
    axisLabel: { color: colour("--muted"), fontSize: 12, ...finished(given.axisLabel || {}) },
  });

  function labelled(option) {
    for (const side of ["xAxis", "yAxis"]) {
      if (!option[side]) continue;
      option[side] = [].concat(option[side]).map((one) => {
        const made = axis(one);
        const form = made.axisLabel.percent;
        if (form !== undefined) {
          const write = new Intl.NumberFormat(page.lang, { style: "percent", maximumFractionDigits: form });
          made.axisLabel.formatter = (share) => write.format(share);
        } else if (made.type !== "category") {
          const write = new Intl.NumberFormat(page.lang);
          made.axisLabel.formatter ??= (value) => write.format(value);
        }
        return made;
      });
    }
    return option;
  }

  function draw(place) {
    if (place.offsetParent === null) return; // hidden: drawn when it is chosen
    const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
    const told = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    chart.resize();
    const option = { ...base(), ...labelled({ ...told, series: finished(told.series) }) };
    option.tooltip = { ...base().tooltip, ...told.tooltip };
    chart.setOption(option, true);
  }

  const drawAll = (within) => within.querySelectorAll("[data-chart]").forEach(draw);

  drawAll(document);
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => drawAll(document));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
  matchMedia("print").addEventListener("change", () => drawAll(document));
  for (const fold of document.querySelectorAll("details")) {
    fold.addEventListener("toggle", () => drawAll(fold));
  }
  page.dataset.ready = "yes";
})();
