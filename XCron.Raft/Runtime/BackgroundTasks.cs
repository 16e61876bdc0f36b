namespace XCron.Raft.Runtime;

/// <summary>Keeps the tasks that were started, so that a stop can wait for them. Thread-safe.</summary>
internal sealed class BackgroundTasks
{
    private readonly Lock _gate = new();
    private readonly List<Task> _running = [];
    private bool _ended;

    /// <summary>Told of a task that threw; set before the first is run.</summary>
    public Action<Exception> Failed { get; set; } = static _ => { };

    public void Run(Func<Task> work)
    {
        lock (_gate)
        {
            if (_ended)
                return;

            _running.RemoveAll(static task => task.IsCompleted);
            _running.Add(Task.Run(() => GuardAsync(work)));
        }
    }

    /// <summary>Waits for all that run; later ones are refused.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            _ended = true;
            return Task.WhenAll(_running);
        }
    }

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Failed(failure);
        }
    }
}
