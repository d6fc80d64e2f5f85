// Sentences and numbers as the visitor of a page has them: `data` bring the sentences in that language, and the region of its numbers.
// A file has them in an element of its own; where nothing is brought, it is English.
const brought = JSON.parse(globalThis.document?.querySelector("script.speech")?.textContent ?? "{}");
const speech = { sentences: {}, region: "en", ...brought };

// Before a widget is told its data: what it said in another language is built anew.
function heard(root, data) {
  Object.assign(speech, { sentences: {}, region: "en", ...brought });
  if (data.sentences) Object.assign(speech, { sentences: data.sentences, region: data.region });
  if ((root.region ?? speech.region) !== speech.region) {
    root.replaceChildren();
    delete root.drawing;
  }
  root.region = speech.region;
  return data;
}

// An English sentence, which is a literal wherever this is called: so it is found for the catalogues.
function said(sentence, parts = {}) {
  return (speech.sentences[sentence] ?? sentence).replace(/\{(\w+)\}/g, (hole, name) => parts[name] ?? hole);
}

// A number, with so many digits behind its point, or as many as it has and thousands apart.
function written(number, digits) {
  if (digits === undefined) return number.toLocaleString(speech.region);
  return number.toLocaleString(speech.region, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}
