using System.Globalization;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>One task of the workload, as its client knows it.</summary>
internal sealed class TaskStory
{
    public required int Number { get; init; }

    /// <summary>Empty where it has none.</summary>
    public required string Name { get; init; }

    public required bool IsPeriodic { get; init; }

    public required string Format { get; init; }

    /// <summary>
    /// What stands in the body beside type, format, name and callback; begins with a comma or is empty.
    /// </summary>
    public required string Options { get; init; }

    public required string Host { get; init; }

    public required string Timeout { get; init; }

    public TaskId Id { get; set; }

    /// <summary>When it is due first, by the client's own look at true time; one-shots only.</summary>
    public long DueMs { get; init; }

    public bool IsDeleteAsked { get; set; }

    /// <summary>It comes by an import, under an id of the client's, and may come again.</summary>
    public bool IsImported { get; init; }

    public string Key => Name.Length > 0 ? $"\"name\":\"{Name}\"" : $"\"task_id\":\"{Id}\"";

    public string KeyQuery => Name.Length > 0 ? $"name={Name}" : $"task_id={Id}";

    /// <summary>Whether the client can speak of it: it has a name, or was told its id.</summary>
    public bool IsKnown => Name.Length > 0 || Id != default;

    public string ImportLine() => $$"""{"task_id":"{{Id}}","task":{{CreateBody()}}}""";

    public string CreateBody()
    {
        var name = Name.Length > 0 ? $"\"name\":\"{Name}\"," : "";
        var type = IsPeriodic ? 1 : 2;
        var callback = string.Create(
            CultureInfo.InvariantCulture, $$"""{"url":"{{Host}}/{{Number}}","timeout":{{Timeout}}}""");
        return $$"""{"type":{{type}},"format":"{{Format}}",{{name}}"callback":{{callback}}{{Options}}}""";
    }
}
