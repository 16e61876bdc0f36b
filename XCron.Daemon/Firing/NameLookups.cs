using System.Diagnostics;
using System.Net;
using System.Threading.Channels;

namespace XCron.Daemon.Firing;

/// <summary>
/// Finds the addresses of host names, on threads of its own. The lookup of the system blocks its thread for as long as
/// no name server answers. .NET gives it one of the pool's, which are few and added slowly: some dozens of names that
/// nobody answers for would hold up all other callbacks, the API and the heartbeats. Thread-safe.
/// </summary>
internal sealed class NameLookups
{
    public const int MostAtOnce = 64;

    private readonly Lock _gate = new();

    // The blocking lookup. It ends by itself, as that of the system does after its own patience.
    private readonly Func<string, IPAddress[]> _lookUp;

    // Invariant: as many as there may be further threads.
    private readonly Channel<bool> _places = Channel.CreateBounded<bool>(MostAtOnce);

    // Invariant: one for each thread. Who asks for a name that is under way waits for the same answer, so that a name
    // has one thread at most.
    private readonly Dictionary<string, Task<IPAddress[]>> _underWay = new(StringComparer.OrdinalIgnoreCase);

    public NameLookups(Func<string, IPAddress[]> lookUp)
    {
        _lookUp = lookUp;
        for (var place = 0; place < MostAtOnce; place++)
            GiveBack();
    }

    /// <exception cref="System.Net.Sockets.SocketException">The name has no address, or nobody said.</exception>
    /// <exception cref="OperationCanceledException">The wait was given up; the lookup goes on to its end.</exception>
    public async Task<IPAddress[]> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (Find(name) is { } known)
            return await known.WaitAsync(cancellationToken);
        await _places.Reader.ReadAsync(cancellationToken);
        return await Begin(name).WaitAsync(cancellationToken);
    }

    private Task<IPAddress[]>? Find(string name)
    {
        lock (_gate)
            return _underWay.GetValueOrDefault(name);
    }

    /// <summary>With a place, which is given back where another has begun with the name meanwhile.</summary>
    private Task<IPAddress[]> Begin(string name)
    {
        var answer = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_underWay.TryGetValue(name, out var known))
            {
                GiveBack();
                return known;
            }

            _underWay.Add(name, answer.Task);
        }

        new Thread(() => LookUp(name, answer)) { IsBackground = true, Name = "xcron name lookup" }.UnsafeStart();
        return answer.Task;
    }

    private void LookUp(string name, TaskCompletionSource<IPAddress[]> answer)
    {
        try
        {
            var addresses = _lookUp(name);
            End(name);
            answer.SetResult(addresses);
        }
        catch (Exception exception)
        {
            // Whatever it is, it is told to who asked; where all have given up, nobody needs to hear of it.
            End(name);
            answer.SetException(exception);
            _ = answer.Task.Exception;
        }
    }

    private void End(string name)
    {
        lock (_gate)
            _underWay.Remove(name);
        GiveBack();
    }

    private void GiveBack()
    {
        if (!_places.Writer.TryWrite(true))
            throw new UnreachableException("A place was given back that nobody had.");
    }
}
