import { execFile, execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { applied, filesOf, root, type Recipe } from './document.ts'

/** What a program said, and whether it was content. */
export type Said = { readonly text: string; readonly passed: boolean }

/** The variables of this process but for those of the test runner, which the one that is started in a copy would take for its own. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VITEST|NODE_ENV$|TEST$)/.test(name))),
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  NO_COLOR: '1',
})

const run = (folder: string, program: string, args: readonly string[]): Promise<Said> =>
  new Promise((resolve, reject) => {
    const options = { cwd: folder, env: environment(), maxBuffer: 1 << 26 }
    execFile(program, args, options, (error, stdout, stderr) => {
      // A code that is no number is a program that did not start.
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ text: `${stdout}${stderr}`, passed: error === null })
    })
  })

const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 })

const namesIn = (list: string): string[] => list.split('\0').filter(name => name !== '')

const repositoryFiles = (): string[] =>
  namesIn(git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')).filter(
    file => statSync(join(root, file), { throwIfNoEntry: false })?.isFile() === true,
  )

/** What is left out of a tree: what a recipe says about one file. */
export type LeftOut = { readonly recipe: Recipe; readonly file: string }

/**
 * A copy of the whole repository to which recipes are applied. The packages are those of the original.
 *
 * @slow a copy of the whole repository is checked for minutes
 */
export class Tree {
  readonly #folder = mkdtempSync(join(tmpdir(), 'recipes-'))
  readonly #recipes: readonly Recipe[]

  constructor(recipes: readonly Recipe[]) {
    this.#recipes = recipes
    for (const file of repositoryFiles()) {
      mkdirSync(dirname(join(this.#folder, file)), { recursive: true })
      copyFileSync(join(root, file), join(this.#folder, file))
    }
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'))
    // Tests ask git which files there are, and what was changed is what git has not got.
    git(this.#folder, 'init', '--quiet')
    writeFileSync(join(this.#folder, '.git', 'info', 'exclude'), 'node_modules\n')
    git(this.#folder, 'add', '--all')
    for (const file of new Set(recipes.flatMap(filesOf))) this.#write(file, undefined)
  }

  /** Writes a file anew: the original with what the recipes say about it, but for what is left out. */
  #write(file: string, leftOut: LeftOut | undefined): void {
    const path = join(this.#folder, file)
    const original = join(root, file)
    let text = existsSync(original) ? readFileSync(original, 'utf8') : undefined
    for (const recipe of this.#recipes) {
      if (recipe === leftOut?.recipe) continue
      const blocks = recipe.blocks.filter(block => block.file === file)
      // Without the recipe that adds a file there is nothing that another one could change.
      for (const block of blocks) if (text !== undefined || block.kind !== 'diff') text = applied(text, block)
    }
    if (text === undefined) return rmSync(path, { force: true })
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  /** Does something in the tree as it is without one place. */
  async without<T>(leftOut: LeftOut, then: () => Promise<T>): Promise<T> {
    this.#write(leftOut.file, leftOut)
    try {
      return await then()
    } finally {
      this.#write(leftOut.file, undefined)
    }
  }

  /** Runs a file of the tree, or what a package put into node_modules/.bin. */
  run(name: string, ...args: readonly string[]): Promise<Said> {
    if (name.endsWith('.ts')) return run(this.#folder, process.execPath, [name, ...args])
    return run(this.#folder, join(root, 'node_modules', '.bin', name), args)
  }

  /** Files that are not as they are in the original, those among them that are new. */
  changed(): string[] {
    return namesIn(git(this.#folder, 'ls-files', '-z', '--modified', '--others', '--exclude-standard')).toSorted()
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}
