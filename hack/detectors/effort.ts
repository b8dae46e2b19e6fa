/** What the worst texts cost, by hand: `node hack/detectors/effort.ts [MIB]`. Prints CPU and longest step in milliseconds, and the steps, of one text each. */
import { secrets } from '../../gateway/detectors/secrets.ts'
import { keywords } from '../../gateway/detectors/keywords.ts'
import { findHits } from '../../gateway/policies/guardrails/find.ts'

const size = Number(process.argv[2] ?? 4) * 1024 * 1024
const units: Readonly<Record<string, string>> = {
  prose: 'The quick brown fox jumps over the lazy dog. ',
  schemes: '://',
  'schemes with signs': '://a:b@',
  'schemes that almost hold a password': '://a:bcdefg ',
  equals: '=',
  quotes: '"',
  'password:': 'password:',
  'password="': 'password="',
  "password='": "password='abc ",
  'assigned secrets': ['pass', 'word=Xy12345z '].join(''),
  'words of flags': ' --token ',
  'line starts': 'token: a\n',
  authorization: 'authorization=',
  bearer: 'bearer ',
  'almost tokens': ['ghp', 'k2Lm9Qx7Vb4Nz8Rt5Yw3 '].join('_'),
  base64: 'eyJhbGciOiJIUzI1NiJ9',
  'private keys': '-----BEGIN PRIVATE KEY-----',
  'ends of keys': '-----END PRIVATE KEY-----',
  'secrets of clusters': 'kind: secret data',
  vendors: 'discord.twitter.dropbox',
  'JSON in JSON': '{\\"password\\":\\"{\\\\\\"token\\\\\\":',
  backslashes: 'password=\\\\\\\\',
  'full width': 'ｐａｓｓｗｏｒｄ＝',
  'zero width': 'p\u200ba\u200bs\u200bs\u200bw\u200bo\u200br\u200bd\u200b=\u200b',
  NULs: 'p\0a\0s\0s\0=\0',
  Chinese: '我的文件是多少钱。',
  marks: 'a\u0301\u0323',
  escapes: '\\u0070\\u0061ssword\\u003d',
  entities: '&#112;assword&#61;',
  percent: '%70assword%3D',
}

const detectors = { secrets: secrets({}), keywords: keywords({ words: ['forbidden', 'key', 'internal only'] }) }
for (const [name, unit] of Object.entries(units)) {
  const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
  const costs = Object.entries(detectors).map(([called, detector]) => {
    const begun = process.cpuUsage()
    let steps = 0
    let longest = 0
    let hits = 0
    let at = begun.user
    for (const _ of findHits(detector, text, undefined, () => ++hits > 0)) {
      steps++
      const now = process.cpuUsage().user
      longest = Math.max(longest, (now - at) / 1000)
      at = now
    }
    const { user, system } = process.cpuUsage(begun)
    return `${called} ${((user + system) / 1000).toFixed(0).padStart(6)} ms ${longest.toFixed(1).padStart(5)} longest ${String(steps).padStart(5)} steps ${hits} hits`
  })
  console.log(`${name.padEnd(36)} ${costs.join('  ')}`)
}
