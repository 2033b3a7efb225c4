import type { Candidate, LoadCandidates } from '../../forms/members'
import { api } from '../session'

/** Users and groups of the host, as the server lists them. */
export const candidates: LoadCandidates = async (kind, search, offset, limit, signal) => {
  const query = { kind, search, offset, limit }
  const found = await api.get<{ total: number; members: Candidate[] }>('aliases/members', query, signal)
  return { total: found.total, rows: found.members }
}
