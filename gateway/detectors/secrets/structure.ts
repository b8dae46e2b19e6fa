import { isLikelyPassword } from './likely.ts'
import type { SecretRule } from './rule.ts'
import { isStandIn } from './stand-ins.ts'
import { argument, blockOfSecret, keyBefore, passwordBefore, wordFrom, wordOfUser } from './stretches.ts'
import { passwordInUrl } from './userinfo.ts'

/** User names and passwords that documentation uses; `user:password@host` is an example wherever it stands. */
const customary =
  /^(?:pass(?:word|wd)?|pwd|user(?:name)?|secret|token|test|foo|bar|baz|abc|xyz|pw|x+|y+|[0-9]{1,4}|admin|root|guest|postgres|mysql|example)$/i

const notAPassword = (text: string): boolean => isStandIn(text) || customary.test(text)

/** A Basic credential is judged by what it says: `user:password` in base64, with a password that is none of the customary ones. */
function isEmptyBasic(credential: string): boolean {
  const text = Buffer.from(credential, 'base64').toString('latin1')
  const colon = text.indexOf(':')
  return colon < 0 || !/^[\x20-\x7e\x80-\xff]+$/.test(text) || customary.test(text.slice(colon + 1))
}

/** Secrets that are known by their form, no matter who issued them. */
export const structure: readonly SecretRule[] = [
  {
    name: 'private-key',
    literals: ['-----begin'],
    // The body ends before the next five hyphens, so a text of many beginnings is read once.
    pattern:
      /-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){64,16384}(?:-----END[A-Z0-9 ]{0,40}-----)?/iy,
    reject: secret => /-----[^-]{0,10}(?:\.\.\.|…|<|\[)/.test(secret),
  },
  {
    name: 'private-key',
    literals: ['-----end'],
    // Of a key whose beginning was cut off.
    pattern: /-----END[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/iy,
    locate: keyBefore,
  },
  {
    name: 'putty-private-key',
    literals: ['putty-user-key-file-'],
    pattern: /PuTTY-User-Key-File-\d: [^]{20,400}?Private-Lines: \d{1,3}[A-Za-z0-9+/=\s\\]{40,8192}/iy,
  },
  {
    name: 'jwt',
    literals: ['eyj'],
    pattern:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{14,2048}\.(?:eyJ|[A-Za-z0-9_-]{2})[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{10,2048}/y,
    entropy: 4,
  },
  {
    name: 'jwt',
    literals: ['zxlk'],
    // A JWT that was encoded in base64 once more.
    pattern: /(?<![A-Za-z0-9+/_-])ZXlK[A-Za-z0-9+/_-]{60,8192}={0,2}/y,
    entropy: 4,
  },
  {
    name: 'password-in-url',
    literals: ['://'],
    beside: '@',
    pattern: /:\/\/\S{1,2048}/y,
    locate: passwordInUrl,
    reject: notAPassword,
  },
  {
    name: 'token-in-url',
    literals: ['://'],
    beside: '@',
    pattern: /:\/\/([A-Za-z0-9_-]{20,255})(?::(?:x-oauth-basic)?)?@[\w[]/y,
    entropy: 3.5,
    reject: secret => isStandIn(secret) || !/\d/.test(secret),
  },
  {
    name: 'basic-authorization',
    literals: ['basic '],
    pattern: /(?<=(?:authorization|["'\s:=])[\s"'\\]{0,3})basic {1,3}([A-Za-z0-9+/_-]{8,4096}={0,2})(?![\w+/=])/iy,
    reject: isEmptyBasic,
  },
  {
    name: 'basic-authorization',
    literals: ['"auth', '_auth'],
    // Of Docker's and npm's settings.
    pattern: /["_]auth\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([A-Za-z0-9+/_-]{8,4096}={0,2})(?![\w+/=])/iy,
    reject: isEmptyBasic,
  },
  {
    name: 'bearer-token',
    literals: ['bearer '],
    pattern: /(?<![A-Za-z0-9])bearer {1,3}([A-Za-z0-9_.~+/=|:-]{16,4096})(?![\w])/iy,
    locate: wordFrom,
    entropy: 3.3,
    reject: secret => isStandIn(secret) || !/\d/.test(secret),
  },
  {
    name: 'authorization-header',
    literals: ['authorization'],
    pattern:
      /authorization\\{0,15}["'`]?\s{0,4}[:=]\s{0,4}\\{0,15}["'`]?(?:(?!basic |bearer )[A-Za-z][\w-]{0,31} {1,4})?([A-Za-z0-9_.~+/=|:-]{16,4096})(?![\w])/iy,
    locate: wordFrom,
    entropy: 3.3,
    reject: secret => isStandIn(secret) || !/\d/.test(secret),
  },
  {
    name: 'curl-password',
    literals: ['-u ', '-u"', "-u'", '--user ', '--user='],
    pattern: /(?<=\s)(?:-u|--user)[ =]{0,3}(?:\\{0,15}["'])?[^\s:"'\\]{0,128}(?:\\{0,15}["'])?:/y,
    locate: wordOfUser,
    context: 'curl',
    reject: notAPassword,
  },
  {
    name: 'command-password',
    literals: [' -p', ' -a ', ' -w '],
    // Short flags of the clients of databases and of sshpass: `mysql -pX`, `redis-cli -a X`, `ldapsearch -w X`.
    pattern:
      /(?<=\b(?:mysql(?:dump|admin)?|mariadb|sshpass|mongo(?:sh|dump)?|redis-cli|sqlcmd|ldap[a-z]{3,8})\b[^\n;|&]{0,200}) -(?:p {0,2}|[aw] {1,2})(?=\S)/iy,
    locate: argument,
    reject: secret => notAPassword(secret) || !isLikelyPassword(secret),
  },
  {
    name: 'command-password',
    literals: ['identified by ', 'convertto-securestring'],
    // Of SQL, and of PowerShell.
    pattern: /(?:identified by|convertto-securestring(?: {1,4}-string)?) {1,4}(?=\\{0,15}["'])/iy,
    locate: argument,
    reject: secret => notAPassword(secret) || !isLikelyPassword(secret),
  },
  {
    name: 'password-in-address',
    literals: ['jdbc:oracle:'],
    pattern: /jdbc:oracle:\w{1,8}:[\w.$-]{1,64}\/([^\s"']{3,256})@/iy,
    reject: secret => notAPassword(secret) || !isLikelyPassword(secret),
  },
  {
    name: 'password-in-address',
    literals: ['@tcp(', '@unix('],
    // Of Go's driver for MySQL: `user:password@tcp(host)/db`.
    pattern: /@(?:tcp|unix)\(/iy,
    locate: passwordBefore,
    reject: secret => notAPassword(secret) || !isLikelyPassword(secret),
  },
  {
    name: 'kubernetes-secret',
    literals: ['kind: secret', '"kind":"secret"', '"kind": "secret"'],
    pattern:
      /"?kind"?: ?"?Secret\b(?:[^d]|d(?!(?<!metad)ata"?:)){0,600}(?<!meta)data"?:\s{0,16}\{?\s{0,16}"?[\w.-]{1,80}"?:\s{0,4}["']?(?=[A-Za-z0-9+/]{2})/iy,
    locate: blockOfSecret,
    entropy: 2.5,
    reject: secret => !/(?:^|[\s"':])[A-Za-z0-9+/]{8,8192}={0,2}(?:$|[\s"',}])/.test(secret),
  },
  {
    name: 'netrc-password',
    literals: ['machine '],
    pattern: /machine \S{1,128}\s{1,8}login \S{1,128}\s{1,8}password (\S{3,4096})/iy,
    locate: wordFrom,
    reject: notAPassword,
  },
]
