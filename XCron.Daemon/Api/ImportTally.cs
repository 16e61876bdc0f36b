using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>Counts what became of the lines of an import, and keeps the first errors.</summary>
internal sealed class ImportTally
{
    private const int MaxErrors = 100;

    private readonly List<(long Line, ApiError Error)> _errors = [];

    public long Lines => Created + Unchanged + Finished + Failed;

    public long Created { get; private set; }

    public long Unchanged { get; private set; }

    /// <summary>Tasks that were over where they come from.</summary>
    public long Finished { get; private set; }

    public long Failed { get; private set; }

    public void CountCreated() => Created++;

    public void CountUnchanged() => Unchanged++;

    public void CountFinished() => Finished++;

    public void CountFailed(long line, ApiError error)
    {
        Failed++;
        if (_errors.Count < MaxErrors)
            _errors.Add((line, error));
    }

    public void Write(Utf8JsonWriter json, bool isDryRun)
    {
        json.WriteStartObject();
        json.WriteBoolean("dry_run"u8, isDryRun);
        json.WriteNumber("lines"u8, Lines);
        json.WriteNumber("created"u8, Created);
        json.WriteNumber("unchanged"u8, Unchanged);
        json.WriteNumber("finished"u8, Finished);
        json.WriteNumber("failed"u8, Failed);
        json.WriteStartArray("errors"u8);
        foreach (var (line, error) in _errors)
        {
            json.WriteStartObject();
            json.WriteNumber("line"u8, line);
            json.WriteNumber("code"u8, error.Code);
            json.WriteString("message"u8, error.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
