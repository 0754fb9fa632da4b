/** Style of the widget, inside its shadow root: the page's own style doesn't reach it, nor it the page. */
export const WIDGET_STYLE = `
:host { all: initial; position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483000; color-scheme: light dark }
* { box-sizing: border-box; font: 13px/1.4 system-ui, sans-serif }
details, [role=dialog] {
  background: #fff; color: #1b1b1f; border: 1px solid #c9c9d1; border-radius: 10px;
  box-shadow: 0 2px 10px rgb(0 0 0 / .18); max-width: 17rem;
}
summary { padding: .45rem .75rem; cursor: pointer; border-radius: 10px; list-style: none }
summary::-webkit-details-marker { display: none }
summary::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .5em; border-radius: 50%; border: 2px solid #8a8a94 }
.on summary::before { border-color: #1a7f37 }
.connected summary::before { background: #1a7f37 }
/* One of the two: the question says the same as the panel, and more. */
[role=dialog]:not([hidden]) ~ details { display: none }
:focus-visible { outline: 2px solid #0b57d0; outline-offset: 2px }
.body, [role=dialog] { padding: .25rem .75rem .75rem }
[role=dialog] { padding-top: .75rem; margin-bottom: .5rem }
dl { display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; margin: .25rem 0 .6rem }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
label { display: flex; gap: .5rem; align-items: center; cursor: pointer }
p { margin: 0 0 .6rem }
button { padding: .35rem .8rem; border-radius: 7px; border: 1px solid #8a8a94; background: transparent; color: inherit; cursor: pointer; margin-right: .5rem }
button.yes { background: #0b57d0; border-color: #0b57d0; color: #fff }
[hidden] { display: none }
@media (prefers-color-scheme: dark) {
  details, [role=dialog] { background: #202124; color: #e8e8ed; border-color: #4a4a52 }
  .on summary::before { border-color: #4ac26b }
  .connected summary::before { background: #4ac26b }
  :focus-visible { outline-color: #8ab4f8 }
  button.yes { background: #8ab4f8; border-color: #8ab4f8; color: #10131a }
}
@media print { :host { display: none } }
`
