namespace XCron.Daemon.Peers;

/// <summary>How many commands, and how many bytes of them, may be on their way at once. Thread-safe.</summary>
internal sealed class CommandBudget(int maxCommands, long maxBytes)
{
    private readonly Lock _gate = new();
    private int _commands;
    private long _bytes;

    public int Commands
    {
        get
        {
            lock (_gate)
                return _commands;
        }
    }

    /// <summary>False where the command would not fit; one command always fits into an empty budget.</summary>
    public bool TryTake(int commandBytes)
    {
        lock (_gate)
        {
            if (_commands > 0 && (_commands >= maxCommands || _bytes + commandBytes > maxBytes))
                return false;

            _commands++;
            _bytes += commandBytes;
            return true;
        }
    }

    public void Return(int commandBytes)
    {
        lock (_gate)
        {
            _commands--;
            _bytes -= commandBytes;
        }
    }
}
