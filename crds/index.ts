export { apiVersion, group, version, type Kind } from './kind.ts'
export { isKindName, kinds, type KindName } from './kinds.ts'
export { nearest } from './nearest.ts'
export { validateName, validateSpec } from './validate.ts'
