/** The build of hls.js that has no subtitles and no encryption: a third of the size, without types of its own. */
declare module 'hls.js/dist/hls.light.min.mjs' {
  export { default } from 'hls.js'
}
