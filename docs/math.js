// Formulas are written as GitHub shows them, $`a_1`$ in a line and blocks of the language `math`, because plain
// Markdown then leaves their backslashes and underscores alone. MathJax is given its own delimiters here.
(() => {
  const span = (open, tex, close) => {
    const made = document.createElement("span");
    made.textContent = open + tex + close;
    return made;
  };
  for (const code of document.querySelectorAll("pre > code.language-math")) {
    code.parentElement.replaceWith(span("\\[", code.textContent, "\\]"));
  }
  for (const code of document.querySelectorAll("code")) {
    const [before, after] = [code.previousSibling, code.nextSibling];
    if (!before?.data?.endsWith("$") || !after?.data?.startsWith("$")) continue;
    before.data = before.data.slice(0, -1);
    after.data = after.data.slice(1);
    code.replaceWith(span("\\(", code.textContent, "\\)"));
  }
  window.MathJax?.Hub?.Queue(["Typeset", window.MathJax.Hub]);
})();
