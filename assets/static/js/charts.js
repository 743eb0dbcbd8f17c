// Draws the figures of <figure data-chart="id of a JSON script"> with ECharts: bars of counts and a line of percent.
// Canvas only and rich-text tooltips, since the policy allows no style attribute; the same figures stand beside it as a table.
const root = document.documentElement;
const colour = (name) => getComputedStyle(root).getPropertyValue(`--c-${name}`).trim();
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const axis = () => ({
  axisLine: { lineStyle: { color: colour("line-strong") } },
  axisTick: { show: false },
  axisLabel: { color: colour("muted") },
  splitLine: { lineStyle: { color: colour("line") } },
});

const options = (data) => ({
  animation: !calm,
  aria: { enabled: true, decal: { show: true } },
  color: [colour("accent"), colour("warn")],
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
  grid: { left: 8, right: 8, top: 40, bottom: 4, containLabel: true },
  legend: { top: 0, left: 0, textStyle: { color: colour("text-2") } },
  tooltip: {
    trigger: "axis",
    renderMode: "richText",
    backgroundColor: colour("raised"),
    borderColor: colour("line-strong"),
    textStyle: { color: colour("text") },
  },
  xAxis: { type: "category", data: data.labels, ...axis() },
  yAxis: [
    { type: "value", minInterval: 1, ...axis() },
    { type: "value", min: 0, max: 100, ...axis(), axisLabel: { color: colour("muted"), formatter: `{value}${data.line.unit}` }, splitLine: { show: false } },
  ],
  series: [
    { type: "bar", name: data.bars.name, data: data.bars.values, barMaxWidth: 22, itemStyle: { borderRadius: [3, 3, 0, 0] } },
    {
      type: "line", name: data.line.name, data: data.line.values, yAxisIndex: 1, connectNulls: true, symbol: "circle", symbolSize: 7,
      tooltip: { valueFormatter: (value) => (value === null || value === undefined ? "—" : `${value}${data.line.unit}`) },
    },
  ],
});

const draw = (figure) => {
  const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const locale = root.lang.startsWith("zh") ? "ZH" : "EN";
  const chart = window.echarts.init(figure, null, { renderer: "canvas", locale });
  chart.setOption(options(data));
  new ResizeObserver(() => chart.resize()).observe(figure);
  // The theme may change while the page is open; its colours are read anew.
  new MutationObserver(() => chart.setOption(options(data))).observe(root, { attributeFilter: ["data-bs-theme"] });
};

if (window.echarts) document.querySelectorAll("figure[data-chart]").forEach(draw);
