/** The report of a run, in a frame over the screen: it is a page of its own, which reaches nothing of this one. */
import { useEffect, useRef } from "preact/hooks";
import { report } from "./state.js";

export function ReportFrame() {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = report.value;
  useEffect(() => {
    if (id !== null) dialog.current?.showModal();
  }, [id]);
  if (id === null) return null;
  const address = new URL(`api/runs/${encodeURIComponent(id)}/report`, document.baseURI).href;
  return (
    <dialog ref={dialog} class="watch-report" aria-labelledby="report-title" onClose={() => (report.value = null)}>
      <div class="row">
        <h2 id="report-title">Report of {id}</h2>
        <a href={address} target="_blank" rel="noreferrer">
          in a tab of its own
        </a>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <iframe title={`Report of ${id}`} src={address} />
    </dialog>
  );
}
