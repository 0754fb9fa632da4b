/**
 * Pictures that come with the peer: until it has met other visitors, only the relay could give them. They wait in
 * `<noscript>`, so that who runs no scripts sees them at once, in boxes that keep their places.
 */

/** A peer from which nothing is heard for so long is not waited for: the pictures come as on any page. */
const PATIENCE_MS = 6_000

/** Resolves when the page's peer can ask other visitors, can't be had, or says nothing for too long. */
export async function meetOthers(blackhole) {
  // A worker that is here already has what this browser has, and knows whom to ask.
  if (navigator.serviceWorker?.controller) return
  await new Promise((resolve) => {
    let timer
    const hearing = () => {
      clearTimeout(timer)
      timer = setTimeout(resolve, PATIENCE_MS)
    }
    hearing()
    addEventListener('load', hearing)
    navigator.serviceWorker?.addEventListener('controllerchange', hearing)
    blackhole.addEventListener('statuschange', hearing)
    blackhole.ready.then(resolve, resolve)
  })
}

/** Puts the pictures where they belong: the one on top first, and the others when it is there. */
export async function showPictures() {
  const [top, ...others] = [...document.querySelectorAll('.picture')].map((box) => () => show(box))
  await top?.()
  for (const next of others) next()
}

async function show(box) {
  const picture = document.createRange().createContextualFragment(box.textContent).querySelector('img')
  box.replaceChildren(picture)
  await new Promise((resolve) => {
    for (const type of ['load', 'error']) picture.addEventListener(type, resolve, { once: true })
  })
}
