export { digestOf, makeApiKey } from '../gateway/config/api-key.ts'
