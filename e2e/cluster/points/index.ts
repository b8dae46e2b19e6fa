import type { Point } from '../stage.ts'
import { enforcement } from './enforcement.ts'

/** In the order in which they run. */
export const points: readonly Point[] = [enforcement]
