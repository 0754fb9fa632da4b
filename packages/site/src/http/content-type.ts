/** What is sent for names that the table doesn't know. Never guessed from the bytes. */
export const UNKNOWN_TYPE = 'application/octet-stream'

const TEXT: Readonly<Record<string, string>> = {
  appcache: 'text/cache-manifest',
  bib: 'text/x-bibtex',
  css: 'text/css',
  csv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  ics: 'text/calendar',
  js: 'text/javascript',
  log: 'text/plain',
  markdown: 'text/markdown',
  md: 'text/markdown',
  mjs: 'text/javascript',
  cjs: 'text/javascript',
  shtml: 'text/html',
  text: 'text/plain',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  vcf: 'text/vcard',
  vtt: 'text/vtt',
  xml: 'text/xml',
  xsl: 'text/xsl',
  yaml: 'application/yaml',
  yml: 'application/yaml',
}

const OTHER: Readonly<Record<string, string>> = {
  '3gp': 'video/3gpp',
  '7z': 'application/x-7z-compressed',
  aac: 'audio/aac',
  apng: 'image/apng',
  atom: 'application/atom+xml',
  avi: 'video/x-msvideo',
  avif: 'image/avif',
  bin: UNKNOWN_TYPE,
  bmp: 'image/bmp',
  br: 'application/x-brotli',
  bz2: 'application/x-bzip2',
  cur: 'image/x-icon',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  eot: 'application/vnd.ms-fontobject',
  epub: 'application/epub+zip',
  flac: 'audio/flac',
  geojson: 'application/geo+json',
  gif: 'image/gif',
  glb: 'model/gltf-binary',
  gltf: 'model/gltf+json',
  gz: 'application/gzip',
  heic: 'image/heic',
  heif: 'image/heif',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  json5: 'application/json5',
  jsonld: 'application/ld+json',
  jxl: 'image/jxl',
  m3u8: 'application/vnd.apple.mpegurl',
  m4a: 'audio/mp4',
  m4s: 'video/iso.segment',
  m4v: 'video/mp4',
  map: 'application/json',
  mid: 'audio/midi',
  midi: 'audio/midi',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpd: 'application/dash+xml',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  odp: 'application/vnd.oasis.opendocument.presentation',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odt: 'application/vnd.oasis.opendocument.text',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  opus: 'audio/ogg',
  otf: 'font/otf',
  pdf: 'application/pdf',
  png: 'image/png',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  rss: 'application/rss+xml',
  rtf: 'application/rtf',
  svg: 'image/svg+xml',
  svgz: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  ts: 'video/mp2t',
  ttc: 'font/collection',
  ttf: 'font/ttf',
  usdz: 'model/vnd.usdz+zip',
  wasm: 'application/wasm',
  wav: 'audio/wav',
  weba: 'audio/webm',
  webm: 'video/webm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xhtml: 'application/xhtml+xml',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xz: 'application/x-xz',
  zip: 'application/zip',
  zst: 'application/zstd',
}

/**
 * Content type of a file by the extension of its name, as IANA and the HTML
 * standard (for JavaScript) have it. Text is said to be UTF-8, as static hosts
 * do; a site in another encoding says so in `_headers`.
 */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  if (dot === -1) return UNKNOWN_TYPE
  const extension = name.slice(dot + 1).toLowerCase()
  if (Object.hasOwn(TEXT, extension)) return `${TEXT[extension] ?? UNKNOWN_TYPE}; charset=utf-8`
  return Object.hasOwn(OTHER, extension) ? (OTHER[extension] ?? UNKNOWN_TYPE) : UNKNOWN_TYPE
}

/** Whether a content type is that of a document that scripts run in: HTML or XHTML. */
export function isHtml(type: string): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(type)
}
