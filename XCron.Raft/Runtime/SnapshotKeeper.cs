using Microsoft.Extensions.Logging;
using XCron.Raft.Storage;

namespace XCron.Raft.Runtime;

/// <summary>
/// Writes the views that the applier captures, away from it, and serves the files to peers that pull them.
/// </summary>
internal sealed class SnapshotKeeper(
    SnapshotStore store,
    Func<NodeInput, bool> tell,
    Action<Func<Task>> inBackground,
    TimeProvider time,
    ILogger logger)
    : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Set once, before the first view; breaks the circle between the applier and its snapshots.</summary>
    public Func<ApplierJob, bool> TellApplier { get; set; } = static _ => false;

    public void Write(SnapshotMark mark, ISnapshotView view) => inBackground(() => WriteAsync(mark, view));

    /// <summary>
    /// Pins the file while a peer pulls it; null where it is not (any more) here. One that is damaged stops the node:
    /// its next start goes on from the one before it.
    /// </summary>
    public SnapshotSource? Open(LogIndex index, Term entryTerm)
    {
        try
        {
            return store.OpenToServe(index, entryTerm);
        }
        catch (LogDamagedException damage)
        {
            inBackground(() => Task.FromException(damage));
            return null;
        }
    }

    /// <summary>The view under way is given up; dispose once it has ended.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    private async Task WriteAsync(SnapshotMark mark, ISnapshotView view)
    {
        // Stays, with the log behind it: should the new file decay, nothing is lost.
        var before = store.Latest ?? mark;
        SnapshotMark? written = null;
        try
        {
            using (view)
            {
                var file = store.Create(mark, new SnapshotPace(time));
                await using (file.ConfigureAwait(false))
                {
                    await view.WriteAsync(file, _stopping.Token).ConfigureAwait(false);
                    file.Complete();
                }
            }

            written = mark;
            store.DeleteOlderThan(before);
            tell(new NodeInput.SnapshotTaken(mark));
            RaftTrace.SnapshotTaken(logger, mark.Index.Value);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            RaftTrace.SnapshotAbandoned(logger, mark.Index.Value);
        }
        catch (IOException failure)
        {
            // The log still has everything; the next trigger tries again.
            RaftTrace.SnapshotFailed(logger, mark.Index.Value, failure);
        }
        finally
        {
            TellApplier(new ApplierJob.SnapshotEnded(written));
        }
    }
}
