export * from './read-folder.ts'
export * from './key-file.ts'
export * from './key-folder.ts'
