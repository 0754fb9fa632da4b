export * from './commands.ts'
export * from './run-cli.ts'
