using System.Text.Json;

namespace XCron.Daemon.Tests.Soak;

/// <summary>
/// What happened, a JSON object a line: process, type (invoke, ok, fail: certainly not done, info: nobody knows), f,
/// key, value, time in nanoseconds of unix time. Written for whoever looks into a failure. Thread-safe.
/// </summary>
internal sealed class SoakHistory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stream? _file;

    public SoakHistory(string? path)
    {
        if (path is not null)
            _file = new BufferedStream(File.Create(path), 64 * 1024);
    }

    public void Write(string process, string type, string function, string key, string? value)
    {
        if (_file is null)
            return;

        var timeNs = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        lock (_gate)
        {
            using (var json = new Utf8JsonWriter(_file))
            {
                json.WriteStartObject();
                json.WriteString("process", process);
                json.WriteString("type", type);
                json.WriteString("f", function);
                json.WriteString("key", key);
                json.WriteString("value", value);
                json.WriteNumber("time", timeNs);
                json.WriteEndObject();
            }

            _file.WriteByte((byte)'\n');
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _file?.Dispose();
    }
}
