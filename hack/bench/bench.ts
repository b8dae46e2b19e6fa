/** With `--against COMMIT` this tree is compared with another commit; otherwise the figures of docs/performance.md are measured. */
const compares = process.argv.slice(2).some(word => word === '--against' || word.startsWith('--against='))
await (compares ? import('./against.ts') : import('./page.ts'))
