namespace XCron.Raft.Runtime;

/// <summary>
/// A part of a node that owns its state and works on what is posted to it, batch by batch, on one dedicated thread. A
/// simulation leaves the thread away and calls <see cref="RunOnce"/>.
/// </summary>
internal abstract class Station<TJob>(string name, int capacity)
{
    private readonly Inbox<TJob> _inbox = new(capacity);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<TJob> _batch = [];
    private volatile bool _stopping;
    private bool _started;

    /// <summary>How many jobs wait.</summary>
    public int Waiting => _inbox.Count;

    /// <summary>How long the thread may sleep when nothing is posted, in ms; -1: for ever.</summary>
    public virtual int SleepMs => Timeout.Infinite;

    /// <summary>False when full or stopping; the job is then not taken.</summary>
    public bool TryPost(TJob job) => _inbox.TryPost(job);

    /// <summary>False also when so many wait already.</summary>
    protected bool TryPost(TJob job, int limit) => _inbox.TryPost(job, limit);

    /// <summary>Works on all that waits.</summary>
    public void RunOnce()
    {
        _inbox.Take(ref _batch);
        Work(_batch);
        _batch.Clear();
    }

    /// <summary>Starts the thread. A failure of the work ends it and is told to <paramref name="failed"/>.</summary>
    public void Start(Action<Exception> failed)
    {
        _started = true;
        new Thread(() => Run(failed)) { Name = $"xcron-raft {name}", IsBackground = true }.Start();
    }

    /// <summary>Ends when the work under way is done. What is posted from now on is refused.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        _inbox.Close();
        return _started ? _ended.Task : Task.CompletedTask;
    }

    /// <summary>Called with all that waits; also with nothing, when the sleep is over or on a wake.</summary>
    protected abstract void Work(List<TJob> batch);

    protected void Wake() => _inbox.Wake();

    /// <summary>What was posted and not worked on when the thread ended.</summary>
    protected void TakeRest(ref List<TJob> empty) => _inbox.Take(ref empty);

    private void Run(Action<Exception> failed)
    {
        try
        {
            while (!_stopping)
            {
                RunOnce();
                _inbox.Wait(SleepMs);
            }
        }
        catch (Exception failure)
        {
            _inbox.Close();
            failed(failure);
        }
        finally
        {
            _ended.SetResult();
        }
    }
}
