import { apiVersion } from '../../../crds/index.ts'
import type { Document } from '../model/document.ts'

/** Ties a child to its object, so that the garbage collector takes it along. Without a uid (a file) there is nothing to tie it to. */
export const ownedBy = ({ kind, name, uid }: Document): { readonly ownerReferences?: readonly object[] } =>
  uid === undefined
    ? {}
    : { ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }] }
