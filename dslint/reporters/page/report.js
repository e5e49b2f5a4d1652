"use strict";
// The list of findings: filter, search, and draw the visible part. Text from the data is only ever
// set as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { rules, files, findings, excerpts, severities, confidences } = data;
  const [
    RULE, SEVERITY, CONFIDENCE, FILE, PLACE, FIELD, MESSAGE, ID, SCORE, SUGGESTION, SUPPRESSED,
    RELATED, FINGERPRINT,
  ] = Array(13).keys();
  const HEIGHT = 52;
  const PRINTED = 300;
  const byId = (id) => document.getElementById(id);
  const form = byId("filter"), list = byId("list"), status = byId("status");
  const details = byId("details"), printed = byId("printed");
  let shown = [], selected = -1, haystack = null;

  const make = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(
      ...children.filter((child) => child !== null && child !== undefined && child !== ""),
    );
    return node;
  };
  const placeOf = (finding) => (finding[FILE] < 0 ? "" : files[finding[FILE]][0]) + finding[PLACE];
  const splitOf = (finding) => (finding[FILE] < 0 ? "" : files[finding[FILE]][1]);
  const textOf = (finding) =>
    [
      rules[finding[RULE]][0], placeOf(finding), finding[FIELD], finding[MESSAGE], finding[ID],
      finding[SUGGESTION], finding[SUPPRESSED], finding[FINGERPRINT],
    ].filter(Boolean).join("\n").toLowerCase();

  const index = () => { haystack ??= findings.map(textOf); };

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.search.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) index();
    shown = [];
    for (let number = 0; number < findings.length; number += 1) {
      const finding = findings[number];
      if (wanted.rule && rules[finding[RULE]][0] !== wanted.rule) continue;
      if (wanted.severity && severities[finding[SEVERITY]] !== wanted.severity) continue;
      if (wanted.split && splitOf(finding) !== wanted.split) continue;
      if (wanted.file && (finding[FILE] < 0 || files[finding[FILE]][0] !== wanted.file)) continue;
      if (wanted.state && (finding[SUPPRESSED] === null) !== (wanted.state === "active")) continue;
      if (words.length && !words.every((word) => haystack[number].includes(word))) continue;
      shown.push(number);
    }
    status.textContent =
      `${shown.length.toLocaleString("en")} of ${findings.length.toLocaleString("en")} findings`;
    list.scrollTop = 0;
    select(shown.length ? 0 : -1);
  };

  const draw = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 5);
    const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / HEIGHT) + 10);
    const space = make("div");
    space.setAttribute("role", "presentation");
    space.style.height = `${shown.length * HEIGHT}px`;
    for (let at = first; at < last; at += 1) space.append(item(at));
    list.replaceChildren(space);
    if (selected >= first && selected < last) {
      list.setAttribute("aria-activedescendant", `item-${selected}`);
    } else list.removeAttribute("aria-activedescendant");
  };

  const item = (at) => {
    const finding = findings[shown[at]], severity = severities[finding[SEVERITY]];
    const node = make("div", "item",
      make("div", "",
        make("span", severity, severity), " ", make("code", "", rules[finding[RULE]][0]), " ",
        make("span", "soft mono", placeOf(finding) || "the dataset")),
      make("div", "", finding[MESSAGE], finding[SUPPRESSED] === null
        ? ""
        : make("span", "soft", ` (suppressed: ${finding[SUPPRESSED]})`)));
    node.id = `item-${at}`;
    node.style.top = `${at * HEIGHT}px`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(at === selected));
    node.setAttribute("aria-posinset", String(at + 1));
    node.setAttribute("aria-setsize", String(shown.length));
    return node;
  };

  const select = (at) => {
    selected = at;
    if (at >= 0) {
      const top = at * HEIGHT;
      if (top < list.scrollTop) list.scrollTop = top;
      if (top + HEIGHT > list.scrollTop + list.clientHeight) {
        list.scrollTop = top + HEIGHT - list.clientHeight;
      }
    }
    draw();
    describe(at < 0 ? null : shown[at]);
  };

  const describe = (number) => {
    if (number === null) {
      details.replaceChildren(make("p", "soft", "No finding is selected."));
      return;
    }
    const finding = findings[number], severity = severities[finding[SEVERITY]];
    const [id, , plugin, manual] = rules[finding[RULE]];
    const facts = make("dl");
    const fact = (name, value) =>
      value !== null && value !== "" && facts.append(make("dt", "", name), make("dd", "", value));
    fact("Place", make("code", "", placeOf(finding) || "the whole dataset"));
    fact("Field", finding[FIELD] && make("code", "", finding[FIELD]));
    fact("Severity", make("span", severity, severity));
    fact("Confidence", confidences[finding[CONFIDENCE]]);
    fact("Score", finding[SCORE] === null ? null : String(finding[SCORE]));
    fact("Record", finding[ID]);
    fact("Suggestion", finding[SUGGESTION]);
    fact("Suppressed", finding[SUPPRESSED]);
    fact("Related", finding[RELATED] && make("code", "", finding[RELATED].join(", ")));
    fact("Rule", make("code", "", id));
    fact("From", plugin);
    fact("Fingerprint", make("code", "", finding[FINGERPRINT]));
    const page = make("details", "",
      make("summary", "", "Manual page of the rule"), make("div", "manual", manual));
    details.replaceChildren(make("h3", "", finding[MESSAGE]), facts, ...record(number), page);
  };

  const record = (number) => {
    const passages = excerpts[number];
    if (!placeOf(findings[number])) return [];
    if (!passages) {
      return [make("p", "soft",
        "The record is not in this report. To see it in a terminal: dslint show PLACE")];
    }
    if (!passages.length) {
      return [make("p", "soft",
        "The record is not shown, because any part of it may be sensitive.")];
    }
    return [make("h3", "", "Record (masked excerpts)"), ...passages.map(([field, pieces]) =>
      make("div", "passage",
        make("code", "soft", field || "(the record)"), make("p", "", ...pieces.map(piece))))];
  };

  const piece = ([kind, text]) => {
    if (kind === "marked") return make("mark", "", text);
    if (kind === "masked") return make("span", "mask", text);
    if (kind === "gap") return make("span", "soft", " … ");
    return document.createTextNode(text);
  };

  const moves = {
    ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity,
  };
  list.addEventListener("keydown", (event) => {
    if (!(event.key in moves) || !shown.length) return;
    event.preventDefault();
    select(Math.min(Math.max(selected + moves[event.key], 0), shown.length - 1));
  });
  list.addEventListener("click", (event) => {
    const node = event.target.closest(".item");
    if (node) select(Number(node.id.slice("item-".length)));
  });
  let waiting = false;
  const soon = (work) => () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; work(); });
  };
  list.addEventListener("scroll", soon(draw));
  new ResizeObserver(draw).observe(list);
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("button[data-filter]");
    if (!link) return;
    form.elements[link.dataset.filter].value = link.dataset.value;
    filter();
    form.scrollIntoView();
    list.focus({ preventScroll: true });
  });
  addEventListener("beforeprint", () => {
    const rank = (number) =>
      findings[number][SUPPRESSED] === null ? findings[number][SEVERITY] : -1;
    const top = [...shown].sort((one, other) => rank(other) - rank(one)).slice(0, PRINTED);
    const rows = top.sort((one, other) => one - other).map((number) => {
      const finding = findings[number];
      return make("tr", "", ...[
        placeOf(finding), severities[finding[SEVERITY]], rules[finding[RULE]][0], finding[MESSAGE],
      ].map((text) => make("td", "", text)));
    });
    const head = make("tr", "",
      ...["Place", "Severity", "Rule", "Message"].map((text) => make("th", "", text)));
    const left = shown.length - rows.length;
    printed.replaceChildren(
      make("table", "", make("thead", "", head), make("tbody", "", ...rows)),
      make("p", "", left ? `${left.toLocaleString("en")} more findings are not printed.` : ""));
  });

  filter();
  (globalThis.requestIdleCallback ?? setTimeout)(index);
  document.documentElement.dataset.ready = "true";
})();
