"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  const $ = (id) => document.getElementById(id);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const data = JSON.parse($("data").textContent);
  const samples = all("article.sample"), groups = $("groups"), near = $("near");
  const ofSteps = all(".group", groups), cells = all(".cell");
  const inSteps = samples.map((sample) => sample.parentElement);
  root.classList.remove("plain");
  for (const words of all(".words")) {
    words.setAttribute("role", "listbox");
    words.setAttribute("aria-label", words.dataset.name);
    words.tabIndex = 0;
    for (const word of words.children) word.setAttribute("role", "option");
  }

  const made = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const signed = (value, places = 2) => {
    const text = Math.abs(value).toFixed(places);
    return (value < 0 && Number(text) !== 0 ? "-" : "+") + text;
  };
  const colorOf = (place) => "k" + (place % 10);

  // Light and dark

  const themes = ["system", "light", "dark"];
  const setTheme = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    $("theme").textContent = "Theme: " + theme;
  };
  $("theme").addEventListener("click", () => {
    setTheme(themes[(themes.indexOf(root.dataset.theme || "system") + 1) % 3]);
  });

  // Views: the same articles in other groups

  const group = (name, title, members) => {
    const section = made("section", undefined, "group"), heading = made("h3"), cards = made("div", undefined, "cards");
    heading.id = "g-" + name;
    heading.append(title);
    section.setAttribute("aria-labelledby", heading.id);
    cards.append(...members);
    section.append(heading, cards);
    return section;
  };
  const classOf = (sample) => Number(sample.dataset.class);
  const labelOf = (sample) => data.labels[Number(sample.dataset.place)];
  const views = {
    all: () => groups.replaceChildren(...ofSteps),
    step: () => groups.replaceChildren(...ofSteps.filter((each) => each.id === "step-" + $("step").value)),
    class: () => {
      const asked = $("class").value;
      const places = [...new Set(samples.map(classOf))].sort((a, b) => a - b);
      groups.replaceChildren(...places.filter((place) => !asked || place === Number(asked)).map((place) => {
        const members = samples.filter((sample) => classOf(sample) === place);
        members.sort((a, b) => labelOf(b)[place] - labelOf(a)[place]);
        const title = made("span");
        title.append(made("span", data.classes[place], "chip " + colorOf(place)), made("span", ` ${members.length}`, "soft"));
        return group("class-" + place, title, members);
      }));
    },
    list: () => {
      const table = made("table"), head = made("tr"), rows = made("tbody");
      for (const name of ["sample", "class", "label", "next"].concat(data.samples.length ? ["words"] : [])) {
        const cell = made("th", name);
        cell.scope = "col";
        head.append(cell);
      }
      for (const sample of samples) rows.append(row(sample));
      const top = made("thead");
      top.append(head);
      table.append(top, rows);
      const around = made("div", undefined, "table card");
      around.tabIndex = 0;
      around.setAttribute("role", "region");
      around.setAttribute("aria-label", "all samples as a list");
      around.append(table);
      groups.replaceChildren(around);
    },
  };
  const row = (sample) => {
    const label = labelOf(sample), order = label.map((_, place) => place).sort((a, b) => label[b] - label[a]);
    const line = made("tr"), link = made("a", `${sample.dataset.step}.${sample.id.split("-")[1]}`), first = made("td");
    link.href = "#" + sample.id;
    first.append(link);
    line.append(first);
    line.dataset.place = sample.dataset.place;
    const tag = (place) => {
      const cell = made("td");
      cell.append(made("span", data.classes[place], "tag " + colorOf(place)));
      return cell;
    };
    line.append(tag(order[0]), made("td", signed(label[order[0]]), "num"));
    const next = order.length > 1 ? tag(order[1]) : made("td");
    if (order.length > 1) next.append(" " + signed(label[order[1]]));
    line.append(next);
    if (data.samples.length) {
      const words = data.samples[Number(sample.dataset.place)].near.map((each) => data.vocabulary[each[0]]);
      const text = made("td", words.join(" "), "text");
      text.dir = "auto";
      line.append(text);
    }
    return line;
  };
  const show = (view) => {
    samples.forEach((sample, place) => inSteps[place].append(sample));
    body.dataset.view = view;
    const radio = document.querySelector(`input[name=view][value=${view}]`);
    radio.checked = true;
    hideNear();
    views[view]();
    arrange();
    search();
  };

  // Cards of a group, and words of classes, in as few rows as there is room for, and these as even as can be

  const arrange = () => {
    for (const cards of all(".cards, .telling")) {
      if (!cards.clientWidth) continue; // they stand in the grid of what was found
      const style = getComputedStyle(cards), rem = parseFloat(getComputedStyle(root).fontSize);
      const least = parseFloat(style.getPropertyValue("--least")) * rem, gap = parseFloat(style.columnGap);
      const fit = Math.max(1, Math.floor((cards.clientWidth + gap) / (least + gap)));
      const rows = Math.ceil(cards.children.length / fit);
      cards.style.setProperty("--columns", Math.ceil(cards.children.length / rows));
    }
  };
  addEventListener("resize", arrange);
  for (const radio of all("input[name=view]")) radio.addEventListener("change", () => show(radio.value));
  $("step").addEventListener("change", () => show("step"));
  $("class").addEventListener("change", () => show("class"));
  const move = (by) => {
    const select = $("step"), count = select.options.length;
    select.selectedIndex = (select.selectedIndex + by + count) % count;
    show("step");
  };
  $("before").addEventListener("click", () => move(-1));
  $("after").addEventListener("click", () => move(1));
  for (const chip of all(".legend .chip")) {
    chip.addEventListener("click", () => {
      $("class").value = chip.dataset.class;
      show("class");
      $("samples").scrollIntoView();
    });
  }

  // Links to a sample or a step, from the overview and the list

  const goTo = (id) => {
    const sample = samples.find((each) => each.id === id), step = ofSteps.find((each) => each.id === id);
    if (!sample && !step) return;
    const of = sample ? sample.dataset.step : id.slice("step-".length);
    if (body.dataset.view === "step" || step) $("step").value = of;
    if (body.dataset.view === "list" || body.dataset.view === "class") show(sample && body.dataset.view === "class" ? "class" : "all");
    if (body.dataset.view === "step") show("step");
    if (sample && body.dataset.view === "class" && !sample.isConnected) {
      $("class").value = "";
      show("class");
    }
    if (sample && sample.hidden) clear();
    for (const each of samples) each.classList.toggle("now", each === sample);
    const target = sample || step;
    target.scrollIntoView({ block: "start" });
    if (sample) sample.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#s"]');
    if (!link || link.classList.contains("skip")) return;
    event.preventDefault();
    goTo(link.getAttribute("href").slice(1));
  });
  if (location.hash) goTo(location.hash.slice(1));

  // Search by word

  const field = $("find");
  function clear() {
    if (!field) return;
    field.value = "";
    search();
  }
  function search() {
    const asked = field ? field.value.trim().toLocaleLowerCase() : "";
    let hits = 0;
    body.classList.toggle("searching", Boolean(asked));
    const found = new Set();
    if (asked) {
      data.samples.forEach((sample, place) => {
        if (sample.near.some((each) => data.vocabulary[each[0]].toLocaleLowerCase().includes(asked))) found.add(place);
      });
    }
    samples.forEach((sample, place) => {
      sample.hidden = Boolean(asked) && !found.has(place);
      if (!asked && !sample.dataset.searched) return;
      sample.dataset.searched = asked ? "yes" : "";
      all(".words i", sample).forEach((word) => {
        const hit = Boolean(asked) && word.textContent.toLocaleLowerCase().includes(asked);
        word.classList.toggle("hit", hit);
        hits += hit;
      });
    });
    for (const line of all("#groups tr[data-place]")) line.hidden = Boolean(asked) && !found.has(Number(line.dataset.place));
    for (const section of all(".group", groups)) section.hidden = Boolean(asked) && !all("article:not([hidden])", section).length;
    cells.forEach((cell) => cell.classList.toggle("dim", Boolean(asked) && !found.has(Number(cell.dataset.place))));
    $("found").textContent = asked
      ? `${hits} word${hits === 1 ? "" : "s"} in ${found.size} of ${samples.length} samples` +
        (body.dataset.view === "step" || (body.dataset.view === "class" && $("class").value) ? "; this view shows a part" : "")
      : "";
  }
  if (field) {
    field.addEventListener("input", search);
    field.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
  }
  for (const button of all(".find")) {
    button.addEventListener("click", () => {
      field.value = button.dataset.word;
      show("all");
      $("samples").scrollIntoView();
    });
  }

  // Words: neighbours, importance and use, beside the word

  let open = null;
  function hideNear() {
    if (open) {
      open.classList.remove("now");
      open.removeAttribute("aria-selected");
    }
    open = null;
    near.hidden = true;
  }
  const percents = (share) => (share / 100).toFixed(share < 1000 ? 1 : 0) + " %";
  const table = (heads, rows) => {
    const made_ = made("table"), inside = made("tbody");
    for (const cells_ of rows) {
      const line = made("tr");
      cells_.forEach((cell, place) => {
        const element = made(place ? "td" : "th");
        if (!place) element.scope = "row";
        element.append(cell);
        line.append(element);
      });
      inside.append(line);
    }
    if (heads) {
      made_.append(made("caption", heads, "soft"));
    }
    made_.append(inside);
    return made_;
  };
  const bar = (share, most, place) => {
    const track = made("span", undefined, "track"), inside = made("i", undefined, "bar " + colorOf(place));
    inside.style.width = (100 * share) / most + "%";
    track.append(inside);
    return track;
  };
  const showNear = (word) => {
    if (open === word) return;
    hideNear();
    open = word;
    word.classList.add("now");
    word.setAttribute("aria-selected", "true");
    const place = Number(word.closest("article").dataset.place), position = [...word.parentElement.children].indexOf(word);
    const sample = data.samples[place], own = classOf(samples[place]);
    const words = sample.near[position].map((at) => data.vocabulary[at]), scores = sample.scores[position];
    near.replaceChildren(made("h5", words[0]));
    if (sample.importance) {
      near.append(made("div", `importance ${signed(sample.importance[position] / 1000, 3)} to the logit of ${data.classes[own]}`));
    }
    if (words.length > 1 || body.querySelector(".for-nearness")) {
      const name = data.metric === "cosine" ? "nearest words, cosine similarity" : "nearest words, distance";
      near.append(table(name, words.map((each, at) => [each, (scores[at] / 100).toFixed(2)])));
    }
    if (data.use) {
      const use = data.use[sample.near[position][0]];
      if (!use.length) near.append(made("div", "in no training text", "soft"));
      else {
        const most = use[0][1];
        near.append(table("share of training texts that have it", use.map(([of, share]) => [data.classes[of], bar(share, most, of), percents(share)])));
      }
    }
    near.hidden = false;
    const at = word.getClientRects()[0], box = near.getBoundingClientRect(), margin = 8;
    const left = Math.min(Math.max(margin, at.left), root.clientWidth - box.width - margin);
    const below = at.bottom + margin + box.height <= innerHeight || at.top < box.height + margin;
    near.style.left = left + scrollX + "px";
    near.style.top = (below ? at.bottom + margin : at.top - margin - box.height) + scrollY + "px";
  };
  let pinned = false, count = 0;
  const isWord = (target) => target instanceof Element && target.matches(".words > i");
  groups.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && isWord(event.target) && !pinned) showNear(event.target);
  });
  groups.addEventListener("pointerout", (event) => {
    if (event.pointerType === "mouse" && isWord(event.target) && !pinned) hideNear();
  });
  groups.addEventListener("click", (event) => {
    if (!isWord(event.target)) return;
    activate(event.target);
    pinned = true;
  });
  document.addEventListener("click", (event) => {
    if (!isWord(event.target) && !near.contains(event.target)) {
      pinned = false;
      hideNear();
    }
  });
  const activate = (word) => {
    if (!word.id) word.id = "w" + count++;
    word.parentElement.setAttribute("aria-activedescendant", word.id);
    showNear(word);
  };
  groups.addEventListener("keydown", (event) => {
    const list = event.target;
    if (!(list instanceof Element) || !list.matches(".words")) return;
    if (event.key === "Escape") {
      pinned = false;
      hideNear();
      return;
    }
    const words = [...list.children], now = words.indexOf(open);
    const to = {
      ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: words.length - 1,
      Enter: Math.max(now, 0), " ": Math.max(now, 0),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const word = words[Math.min(Math.max(to, 0), words.length - 1)];
    word.scrollIntoView({ block: "nearest" });
    activate(word);
    pinned = true;
  });
  groups.addEventListener("focusout", (event) => {
    if (event.target instanceof Element && event.target.matches(".words")) {
      pinned = false;
      hideNear();
    }
  });
  if ($("shade")) $("shade").addEventListener("change", () => { body.dataset.shade = $("shade").value; });

  // What is made only where it is asked for: bars of small labels, large pictures

  for (const rest of all(".rest")) {
    rest.addEventListener("toggle", () => {
      if (rest.children.length > 1) return;
      const label = data.labels[Number(rest.dataset.place)];
      const shown = new Set(all(".bars .name", rest.parentElement).map((name) => name.textContent));
      rest.append(table("", label.map((value, place) => [data.classes[place], signed(value)]).filter(([name]) => !shown.has(name))));
    });
  }
  const large = $("large");
  for (const button of all(".zoom")) {
    button.addEventListener("click", () => {
      const [picture, words, close] = large.children, image = button.firstElementChild;
      picture.src = image.src;
      picture.alt = image.alt;
      const sample = button.closest("article");
      const top = labelOf(sample).map((value, place) => [value, place]).sort((a, b) => b[0] - a[0]).slice(0, 3);
      words.textContent = `${sample.querySelector("h4").lastChild.textContent.trim()}: ` +
        top.map(([value, place]) => `${data.classes[place]} ${signed(value)}`).join(", ");
      large.showModal();
      close.focus();
    });
  }
  large.querySelector("button").addEventListener("click", () => large.close());
  show(body.dataset.view);
})();
