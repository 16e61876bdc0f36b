using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Loopback ports that were free a moment ago.</summary>
internal static class FreePorts
{
    // Below those that Linux takes for outgoing connections (ip(7): ip_local_port_range), of which there are many here:
    // one of them may take a port between its choice and the daemon's start.
    private const int First = 10_000;
    private const int End = 32_000;
    private const int MaxTries = 1000;

    public static int[] Take(int count)
    {
        var held = new List<TcpListener>(); // all at once, so that they differ
        try
        {
            for (var tries = 0; held.Count < count; tries++)
            {
                if (tries == MaxTries)
                    throw new InvalidOperationException($"No {count} ports from {First} to {End} are free.");

                var listener = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(First, End));
                if (TryStart(listener))
                    held.Add(listener);
            }

            return [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            held.ForEach(static listener => listener.Dispose());
        }
    }

    private static bool TryStart(TcpListener listener)
    {
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            listener.Dispose();
            return false;
        }
    }
}
