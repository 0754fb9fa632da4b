import { createIgnoreFilter, IGNORE_FILE } from '@blackhole/sdk'
import type { SiteFile } from '@blackhole/sdk'

/** Folders that are never part of a site, and are not even looked into. */
const LEFT_OUT = /(^|\/)(node_modules|\.git)\//

/** A file that was dropped or chosen, with its path inside what was dropped. */
interface FoundFile {
  readonly path: string
  readonly file: File
}

/** The files of a drop: folders are entered. */
export async function filesOfDrop(transfer: DataTransfer): Promise<SiteFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return await asSite((await Promise.all(entries.map(readEntry))).flat())
}

/** The files of a file input, which may have chosen a folder. */
export async function filesOfInput(files: FileList): Promise<SiteFile[]> {
  return await asSite(
    [...files].map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file })),
  )
}

async function readEntry(entry: FileSystemEntry): Promise<FoundFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (LEFT_OUT.test(`${path}/`)) return []
  if (isFile(entry)) return [{ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) }]
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: FoundFile[] = []
  for (;;) {
    // A folder is handed over in parts; an empty one is the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject)
    })
    if (part.length === 0) return found
    for (const child of part) found.push(...(await readEntry(child)))
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

/** A folder that was dropped is the root of the site, not a folder in it. What its `.blackholeignore` names is left out. */
async function asSite(found: readonly FoundFile[]): Promise<SiteFile[]> {
  const kept = found.filter(({ path }) => !LEFT_OUT.test(path))
  const [top] = kept[0]?.path.split('/') ?? []
  const isOneFolder = kept.every(({ path }) => path.startsWith(`${top ?? ''}/`))
  const files = kept.map(({ path, file }) => ({ path: isOneFolder ? path.slice(path.indexOf('/') + 1) : path, file }))
  const isLeftOut = createIgnoreFilter(await files.find(({ path }) => path === IGNORE_FILE)?.file.text())
  return files.filter(({ path }) => !isLeftOut(path, false)).map(({ path, file }) => toSiteFile(path, file))
}

function toSiteFile(path: string, file: File): SiteFile {
  return {
    path,
    size: file.size,
    async *open(start = 0, end = file.size) {
      // By reader: Safari's streams can't be iterated yet.
      const reader = file.slice(start, end).stream().getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
    },
  }
}
