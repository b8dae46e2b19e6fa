import { describe, expect, test } from 'vitest'
import { slowAmong, slowTests, testFiles } from './slow.ts'

const tree: Readonly<Record<string, string>> = {
  'hack/plane.ts': '/**\n * Starts a server.\n *\n * @slow it takes seconds to start\n */\nexport const plane = 1\n',
  'hack/stage.ts': "import { plane } from './plane.ts'\nimport { other } from './other.ts'\n",
  'hack/other.ts': "import { stage } from './stage.ts'\n",
  'hack/types.ts': "import type { Plane } from './plane.ts'\nexport type { Plane } from './plane.ts'\n",
}

const slow = (text: string): boolean =>
  slowAmong(['a/b.test.ts'], file => ({ ...tree, 'a/b.test.ts': text })[file]).length > 0

describe('a test file is slow', () => {
  test.each([
    ['says so itself', '// @slow six minutes of real time\n'],
    ['imports what says so', "import { plane } from '../hack/plane.ts'\n"],
    ['imports it over several lines', "import {\n  plane,\n} from '../hack/plane.ts'\n"],
    ['imports it when it is needed', "const { plane } = await import('../hack/plane.ts')\n"],
    ['imports it for its effects', "import '../hack/plane.ts'\n"],
    ['imports what imports it, in a circle', "import { stage } from '../hack/other.ts'\n"],
  ])('when it %s', (_, text) => expect(slow(text)).toBe(true))
})

describe('a test file is not slow', () => {
  test.each([
    ['imports its types alone', "import { kind } from '../hack/types.ts'\n"],
    ['writes the mark into a text', "const text = 'a // @slow mark'\n"],
    ['gives no reason', '// @slow\n'],
    ['imports what is not there', "import { gone } from './gone.ts'\n"],
  ])('when it only %s', (_, text) => expect(slow(text)).toBe(false))
})

describe('in this repository', () => {
  test('what starts an API server or waits for minutes is left out, and that is about a tenth of the files', () => {
    const found = slowTests()
    expect(found).toContain('e2e/wire/silence.test.ts')
    expect(found).toContain('hack/controlplane/controlplane.test.ts')
    expect(found.length / testFiles().length).toBeLessThan(0.15)
  })
})
