/** How the reference page looks: by day and by night, and on a narrow screen. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2430, #dfe5ee);
  --dim: light-dark(#5b6675, #93a0b3);
  --ground: light-dark(#fbfbfa, #12161d);
  --raised: light-dark(#f0f1ef, #1b212b);
  --line: light-dark(#dcdedb, #2a323f);
  --link: light-dark(#0b5ea8, #7ab8ff);
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 76rem; padding: 0 1.5rem 6rem;
  display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 3rem;
  background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, sans-serif;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
nav { position: sticky; top: 0; align-self: start; padding: 2rem 0; }
nav h1 { font-size: 1.1rem; margin: 0 0 1rem; }
nav h1 a { color: var(--text); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: .35rem 0; }
main { padding-top: 1.4rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .5rem; padding-top: .5rem; }
h2 code { font-size: .85em; color: var(--dim); }
h3 {
  font-size: .75rem; letter-spacing: .05em; text-transform: uppercase;
  color: var(--dim); margin: 1.2rem 0 .3rem;
}
code, pre, summary b { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
code { font-size: .88em; }
pre {
  background: var(--raised); border: 1px solid var(--line); border-radius: 6px;
  padding: .7rem .9rem; margin: .3rem 0; overflow-x: auto; font-size: .82rem; line-height: 1.5;
}
details { border-top: 1px solid var(--line); padding: .1rem 0; }
details[open] { padding-bottom: 1.4rem; }
section > details:last-of-type { border-bottom: 1px solid var(--line); }
summary {
  cursor: pointer; list-style: none; padding: .5rem .3rem;
  display: flex; flex-wrap: wrap; gap: .3rem .8rem; align-items: baseline;
}
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--raised); }
summary code { overflow-wrap: anywhere; }
summary span { color: var(--dim); margin-left: auto; font-size: .9rem; }
summary b { font-size: .72rem; width: 4.2rem; color: var(--dim); }
summary b.get, summary b.head { color: light-dark(#0a6d3d, #65d39a); }
summary b.post { color: light-dark(#0b5ea8, #7ab8ff); }
summary b.put, summary b.patch { color: light-dark(#8a5a00, #e8b75a); }
summary b.delete { color: light-dark(#a8261f, #ff8f86); }
details > :not(summary) { margin-left: .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; }
th { font-weight: 600; white-space: nowrap; }
td { overflow-wrap: break-word; }
td:not(:last-child) { color: var(--dim); min-width: 7.5rem; }
td:last-child { width: 100%; }
@media (max-width: 52rem) {
  body { display: block; padding: 0 1rem 4rem; }
  nav { position: static; padding-bottom: 0; }
  summary span { margin-left: 0; width: 100%; }
}
`;
