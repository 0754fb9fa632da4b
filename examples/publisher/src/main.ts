import { createBlackhole, importSiteKey } from '@blackhole/sdk'
import type { PublishProgress, SiteFile } from '@blackhole/sdk'
import { explainError } from './explain-error.ts'
import { KeyList } from './key-list.ts'
import type { StoredKey } from './key-list.ts'
import { filesOfDrop, filesOfInput } from './site-files.ts'
import { element, formatBytes, showError, showFiles, showKeys, showProgress, showResult } from './view.ts'

const drop = element('drop', HTMLElement)
const button = element('publish', HTMLButtonElement)
const relay = element('relay', HTMLInputElement)
const select = element('site', HTMLSelectElement)
const keys = new KeyList(localStorage)

/** What is chosen now. */
const chosen: { files: readonly SiteFile[] } = { files: [] }

relay.value = new URLSearchParams(location.search).get('relay') ?? 'http://localhost:8080'
showKeys(keys.all(), undefined)

function choose(files: readonly SiteFile[]): void {
  chosen.files = files
  showError(files.length === 0 ? 'There are no files in it.' : '')
  button.disabled = files.length === 0
  element('publish-hint', HTMLElement).hidden = files.length > 0
  if (files.length > 0) showFiles(files)
}

function reportProgress(event: PublishProgress, totalBytes: number): void {
  if (event.type === 'read')
    showProgress(`Reading ${formatBytes(event.bytes)} of ${formatBytes(totalBytes)}`, event.bytes / totalBytes)
  if (event.type === 'upload')
    showProgress(
      `Uploading ${formatBytes(event.bytes)} of ${formatBytes(event.totalBytes)}`,
      event.bytes / event.totalBytes,
    )
}

async function keyToUse(): Promise<StoredKey> {
  const stored = keys.all().find(({ name }) => name === select.value)
  if (stored !== undefined) return stored
  const made = await keys.create(`Site ${keys.all().length + 1}`)
  showKeys(keys.all(), made.name)
  return made
}

async function publish(): Promise<void> {
  const { files } = chosen
  const totalBytes = Math.max(
    1,
    files.reduce((sum, { size }) => sum + size, 0),
  )
  showProgress('Asking the relay…', undefined)
  const blackhole = await createBlackhole({ relays: [relay.value] })
  try {
    const key = await importSiteKey((await keyToUse()).pem)
    const { url, version, newPieces, newBytes, name } = await blackhole.sites.publish(files, {
      key,
      onProgress: (event) => {
        reportProgress(event, totalBytes)
      },
    })
    showResult(url, [
      ['Version', String(version)],
      ['Uploaded', newPieces === 0 ? 'nothing new' : `${newPieces} pieces, ${formatBytes(newBytes)}`],
      ['Name', name],
    ])
  } finally {
    element('progress', HTMLElement).hidden = true
    await blackhole.stop()
  }
}

/** Runs what a person asked for, and shows why it failed. */
function attempt(task: () => Promise<void>): void {
  task().catch((error: unknown) => {
    showError(explainError(error, relay.value))
  })
}

for (const type of ['dragenter', 'dragover'] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
}
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) drop.classList.remove('over')
})
document.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  const { dataTransfer } = event
  if (dataTransfer !== null) attempt(async () => choose(await filesOfDrop(dataTransfer)))
})
for (const id of ['folder', 'files']) {
  const input = element(id, HTMLInputElement)
  input.addEventListener('change', () => {
    const { files } = input
    if (files !== null) attempt(async () => choose(await filesOfInput(files)))
  })
}

element('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  element('result', HTMLElement).hidden = true
  showError('')
  button.disabled = true
  attempt(async () => {
    try {
      await publish()
    } finally {
      button.disabled = false
    }
  })
})

element('export', HTMLButtonElement).addEventListener('click', () => {
  attempt(async () => {
    const { name, pem } = await keyToUse()
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([pem], { type: 'application/x-pem-file' }))
    link.download = `${name}.pem`
    link.click()
    URL.revokeObjectURL(link.href)
  })
})

const importInput = element('import', HTMLInputElement)
importInput.addEventListener('change', () => {
  const [file] = importInput.files ?? []
  if (file === undefined) return
  attempt(async () => {
    const { name } = await keys.import(file.name.replace(/\.\w+$/, ''), await file.text())
    showKeys(keys.all(), name)
  })
})

element('copy', HTMLButtonElement).addEventListener('click', (event) => {
  attempt(async () => {
    await navigator.clipboard.writeText(element('result-link', HTMLAnchorElement).href)
    if (event.target instanceof HTMLElement) event.target.textContent = 'Copied'
  })
})
