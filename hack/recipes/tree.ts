import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
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

function run(folder: string, program: string, args: readonly string[]): Said {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: environment(),
    maxBuffer: 1 << 26,
  })
  if (error) throw error
  return { text: `${stdout}${stderr}`, passed: status === 0 }
}

const repositoryFiles = (): string[] =>
  run(root, 'git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
    .text.split('\0')
    .filter(file => file !== '' && existsSync(join(root, file)))

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
    this.#git('init', '--quiet')
    writeFileSync(join(this.#folder, '.git', 'info', 'exclude'), 'node_modules\n')
    this.#git('add', '--all')
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
  without<T>(leftOut: LeftOut, then: () => T): T {
    this.#write(leftOut.file, leftOut)
    try {
      return then()
    } finally {
      this.#write(leftOut.file, undefined)
    }
  }

  /** Runs a file of the tree, or what a package put into node_modules/.bin. */
  run(name: string, ...args: readonly string[]): Said {
    if (name.endsWith('.ts')) return run(this.#folder, process.execPath, [name, ...args])
    return run(this.#folder, join(root, 'node_modules', '.bin', name), args)
  }

  /** Files that are not as they are in the original, those among them that are new. */
  changed(): string[] {
    const { text } = this.#git('ls-files', '-z', '--modified', '--others', '--exclude-standard')
    return text
      .split('\0')
      .filter(file => file !== '')
      .toSorted()
  }

  #git(...args: readonly string[]): Said {
    return run(this.#folder, 'git', args)
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}
