import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import { latest, perObject, sameText } from '../memo.ts'
import { podInputs, podTemplate, type PodInputs } from '../objects/pod-template.ts'
import { expectedPodOf, type ExpectedPod } from './pod-drift.ts'

/** A change of keys plans every server anew, and makes no pod another: what the pods of a spec were last expected to be is remembered. */
const rememberedOf = perObject((spec: MCPServerSpec) => {
  const same = sameText<PodInputs>(JSON.stringify)
  const expected = latest((inputs: PodInputs) => expectedPodOf(podTemplate(spec, inputs)))
  return (inputs: PodInputs): ExpectedPod => expected(same(inputs))
})

/** What the pods of a server are to be made of. */
export const expectedPod = (spec: MCPServerSpec, view: ServerView, context: ObjectContext): ExpectedPod =>
  rememberedOf(spec)(podInputs(spec, view, context))
