/**
 * Joins the MPI job that mpirun or srun has prepared.
 */
import type { RankIdentity } from "../environment.js";
import { loadMpi } from "./library.js";
import { expectWorld, MpiTransport } from "./mpi-transport.js";

/** MPI_THREAD_FUNNELED: there are other threads, only the main one calls MPI. */
const FUNNELED = 1;

/** Throws DistributedError where MPI is missing or does not see the ranks that the launcher has started. */
export async function joinMpi(identity: RankIdentity): Promise<MpiTransport> {
  const mpi = await loadMpi();
  mpi.initThread(FUNNELED);
  expectWorld(mpi, identity);
  return new MpiTransport(mpi, identity);
}
