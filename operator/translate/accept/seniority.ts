import type { Document } from '../model/document.ts'

type Aged = Pick<Document, 'created' | 'uid' | 'name'>

const byText = (left = '', right = ''): number => (left < right ? -1 : left > right ? 1 : 0)

/** Which of two objects came first; the API server counts seconds, so those of one second are told apart by their uid, which the API server chooses. */
export const byAge = (left: Aged, right: Aged): number =>
  byText(left.created, right.created) || byText(left.uid, right.uid) || byText(left.name, right.name)
