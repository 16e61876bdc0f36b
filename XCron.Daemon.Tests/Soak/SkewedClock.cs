using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// The wall clock of a server, by libfaketime: an offset in a file that the library reads each second. The monotonic
/// clock stays true, as it does when somebody sets a machine's clock.
/// </summary>
internal sealed class SkewedClock
{
    private static readonly string? Library = new[]
    {
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib64/faketime/libfaketimeMT.so.1",
        "/usr/lib/faketime/libfaketimeMT.so.1",
    }.FirstOrDefault(File.Exists);

    private readonly string _path;

    public SkewedClock(string path)
    {
        _path = path;
        Set(0);
    }

    public static bool IsAvailable => Library is not null;

    public void Set(long offsetMs)
    {
        // Renamed into place: the library never reads half of it.
        var offset = (offsetMs / 1000m).ToString("+0.000;-0.000;+0", CultureInfo.InvariantCulture);
        File.WriteAllText(_path + ".new", offset + "\n");
        File.Move(_path + ".new", _path, overwrite: true);
    }

    public void AddTo(IDictionary<string, string?> environment)
    {
        environment["LD_PRELOAD"] = Library;
        environment["FAKETIME_TIMESTAMP_FILE"] = _path;
        environment["FAKETIME_CACHE_DURATION"] = "1";
        environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        environment["DONT_FAKE_MONOTONIC"] = "1";
        environment["NO_FAKE_STAT"] = "1";

        // Else timed waits, which go by the monotonic clock, return at once: every loop of the server spins.
        environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
    }
}
