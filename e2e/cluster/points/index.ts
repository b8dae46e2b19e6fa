import type { Point } from '../stage.ts'
import { enforcement } from './enforcement.ts'
import { firstServer, removal } from './first-server.ts'

/** In the order in which they run. */
export const points: readonly Point[] = [enforcement, firstServer, removal]
