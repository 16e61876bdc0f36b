namespace XCron.Daemon.State;

/// <summary>Which session owns which shard. Changed by the applier alone, read from any thread.</summary>
internal sealed class OwnerTable
{
    // Volatile: replaced whole by the applier, so that readers see one epoch with its owners.
    private volatile Ownership _current = Ownership.Nobody;

    public Ownership Current => _current;

    public void Set(Ownership ownership) => _current = ownership;
}
