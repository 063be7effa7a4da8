// Run in the page by test_report_page.py: what a person would look for, measured.
(() => {
  const parse = text => {
    const found = (text || "").match(/rgba?\(([^)]+)\)/);
    if (!found) return null;
    const [r, g, b, a = "1"] = found[1].split(/[,/\s]+/).filter(Boolean);
    return {c: [r, g, b].map(Number), a: Number(a)};
  };
  const over = (top, below) => top.c.map((v, i) => v * top.a + below[i] * (1 - top.a));
  const luminance = c => {
    const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const page = () => parse(getComputedStyle(document.body).backgroundColor).c;
  const behind = element => {  // of HTML: the backgrounds from the page up to the element
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(e);
    return chain.reduce((below, e) => {
      const colour = parse(getComputedStyle(e).backgroundColor);
      return colour && colour.a ? over(colour, below) : below;
    }, page());
  };
  const fills = shape => {  // a pattern has several colours: text must be readable on each
    const fill = getComputedStyle(shape).fill;
    const pattern = fill.match(/url\("?[^#]*#([^")]+)/);
    if (!pattern) return [parse(fill)];
    return [...document.getElementById(pattern[1]).children].map(
      e => parse(getComputedStyle(e).fill));
  };
  const under = label => {  // of SVG: its halo, or every shape that the text lies on
    const style = getComputedStyle(label);
    const halo = parse(style.stroke);
    if (halo && halo.a && style.paintOrder.startsWith("stroke")) return [halo.c];
    const box = label.getBoundingClientRect();
    const found = [];
    for (const share of [0.05, 0.5, 0.95]) {
      const x = box.left + box.width * share, y = box.top + box.height / 2;
      const below = document.elementsFromPoint(x, y).find(
        e => e !== label && e.ownerSVGElement && /^(rect|path|circle)$/.test(e.tagName) &&
          fills(e).some(colour => colour && colour.a));
      if (below) found.push(...fills(below).filter(Boolean).map(c => over(c, page())));
      else found.push(page());
    }
    return found;
  };
  const shown = element => element.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && element.getClientRects().length > 0;
  const contrasts = () => {
    const results = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode, element = node.parentElement;
      if (!node.data.trim() || !shown(element) || element.tagName === "title") continue;
      const style = getComputedStyle(element);
      const svg = element instanceof SVGElement;
      const grounds = svg ? under(element) : [behind(element)];
      const ink = parse(svg ? style.fill : style.color);
      const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
      const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
      const ratio = Math.min(...grounds.map(ground => contrast(over(ink, ground), ground)));
      results.push({text: node.data.trim().slice(0, 40), ratio: Math.round(ratio * 100) / 100,
        needed, cls: element.getAttribute("class") || element.tagName});
    }
    return results;
  };
  const interactive = () => [...document.querySelectorAll(
    "a[href],summary,button,input,select,textarea,[tabindex]:not([tabindex='-1'])")].filter(shown);
  const focused = () => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const line = parse(style.outlineColor);
    const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return {index: interactive().indexOf(element), tag: element.tagName, visible,
      ratio: line ? contrast(line.c, page()) : 0,
      name: (element.textContent || "").trim().slice(0, 60)};
  };
  const overflowing = () => {
    const width = document.documentElement.clientWidth;
    const inside = e => {
      for (let p = e.parentElement; p; p = p.parentElement)
        if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX)) return true;
      return false;
    };
    return [...document.querySelectorAll("body *")].filter(e => shown(e) &&
      e.getBoundingClientRect().right > width + 1 && !inside(e)).map(
      e => `${e.tagName}.${e.getAttribute("class") || ""}`).slice(0, 10);
  };
  window.audit = {contrasts, interactive, focused, overflowing};
  return true;
})()
