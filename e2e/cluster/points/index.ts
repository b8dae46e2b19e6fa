import type { Point } from '../stage.ts'
import { broken } from './broken.ts'
import { edits } from './edits.ts'
import { enforcement } from './enforcement.ts'
import { firstServer, removal } from './first-server.ts'
import { hostile } from './hostile.ts'
import { isolation } from './isolation.ts'
import { operatorAway } from './operator-away.ts'
import { revocation } from './revocation.ts'
import { rolling } from './rolling.ts'

/** In the order in which they run: the first one installs, the last one removes. */
export const points: readonly Point[] = [
  enforcement,
  firstServer,
  revocation,
  edits,
  rolling,
  broken,
  isolation,
  hostile,
  operatorAway,
  removal,
]
