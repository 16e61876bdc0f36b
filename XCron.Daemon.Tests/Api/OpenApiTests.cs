using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Tests.Api;

/// <summary>The document against the contract as its page has it: a call or a field that one lacks fails.</summary>
internal sealed class OpenApiTests
{
    private const string Task =
        "type! format! callback! callback.url! callback.method callback.body callback.headers callback.timeout name " +
        "timezone retry retry.max_attempts retry.min_backoff retry.max_backoff misfire tags deadline overlap jitter " +
        "start_at end_at max_runs paused";

    /// <summary>Calls of the contract that are still to come.</summary>
    private static readonly string[] CallsToCome =
        [];

    /// <summary>Path, method, parameters or fields (! where required), and codes beside the common ones.</summary>
    private static readonly (string Name, string Method, string Fields, int[] Codes)[] Contract =
    [
        ("addPeer", "post", "host!", [1040, 1041, 1050]),
        ("removePeer", "post", "host!", [1040, 1041, 1050]),
        ("transferLeader", "post", "host!", [1040, 1041, 1050]),
        ("createTask", "post", Task, [1001, 1002, 1003, 1005, 1010, 1011, 1020, 1040, 1041, 1050, 1051, 1052]),
        (
            "createTasks",
            "post",
            "tasks! " + string.Join(' ', Task.Split(' ').Select(field => $"tasks.{field}")),
            [1001, 1002, 1003, 1005, 1010, 1011, 1020, 1040, 1041, 1050, 1051, 1052]),
        ("deleteTask", "post", "task_id name", [1030, 1041, 1050, 1051, 1052]),
        (
            "updateTask",
            "post",
            "task_id " + Task.Replace("!", "").Replace(" paused", ""),
            [1001, 1002, 1003, 1005, 1010, 1011, 1020, 1030, 1040, 1041, 1050, 1051, 1052]),
        ("pauseTask", "post", "task_id name", [1030, 1040, 1041, 1050, 1051, 1052]),
        ("resumeTask", "post", "task_id name", [1030, 1040, 1041, 1050, 1051, 1052]),
        ("runTask", "post", "task_id name scheduled_time", [1030, 1040, 1041, 1050, 1051, 1052]),
        ("listRuns", "get", "task_id name consistency", [1030, 1050]),
        ("queryTask", "get", "task_id name consistency", [1030, 1050]),
        (
            "listTasks",
            "get",
            "state type tag name_prefix url_prefix limit cursor consistency",
            [1020, 1050]),
        ("previewSchedule", "get", "format! timezone count after", [1010, 1011]),
        ("export", "get", "consistency", [1050, 1051]),
        (
            "import",
            "post",
            "dry_run task_id! create_time state due_time queued_time run_sequence run_count fail_count runs_by_hand " +
            "open_runs open_runs.run_sequence! open_runs.scheduled_time! open_runs.delay open_runs.attempt! " +
            "open_runs.failures open_runs.retry_time open_runs.by_hand body_text task! " +
            string.Join(' ', Task.Split(' ').Select(field => $"task.{field}")),
            [1041, 1050, 1051, 1052]),
        ("cluster", "get", "", []),
        ("stats", "get", "consistency", [1050]),
    ];

    private static readonly int[] CommonCodes = [0, 1000, 1031, 1060, 1061, 1099];

    private ApiHost _host = null!;
    private JsonElement _document;

    [OneTimeSetUp]
    public async Task SetUpAsync()
    {
        _host = new ApiHost();
        var context = ApiHost.Request("GET", "/openapi/v1.json");
        await _host.Endpoints.HandleAsync(context);
        await context.Response.CompleteAsync();
        Assert.That(context.Response.ContentType, Is.EqualTo("application/json"));
        var text = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        using var parsed = JsonDocument.Parse(text);
        _document = parsed.RootElement.Clone();
    }

    [Test]
    public void It_has_the_calls_of_the_contract_and_no_others()
    {
        var paths = _document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => (path.Name, Method: method.Name)));

        var expected = Contract.Select(call => ($"/xcron/{call.Name}", Method: call.Method))
            .Append(("/openapi/v1.json", Method: "get"));
        Assert.That(paths, Is.EquivalentTo(expected));
        Assert.That(Contract.Select(call => call.Name).Intersect(CallsToCome), Is.Empty);
    }

    [TestCaseSource(nameof(Contract))]
    public void A_call_has_the_fields_of_the_contract((string Name, string, string Fields, int[]) call)
    {
        var operation = OperationOf(call.Name);
        var fields = new List<string>();
        if (operation.TryGetProperty("parameters", out var parameters))
        {
            fields.AddRange(parameters.EnumerateArray().Select(parameter =>
                parameter.GetProperty("name").GetString() +
                (parameter.GetProperty("required").GetBoolean() ? "!" : "")));
        }

        if (operation.TryGetProperty("requestBody", out var body))
            Collect(body.GetProperty("content").EnumerateObject().Single().Value.GetProperty("schema"), "", fields);

        Assert.That(fields, Is.EquivalentTo(call.Fields.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [TestCaseSource(nameof(Contract))]
    public void A_call_has_the_codes_of_the_contract((string Name, string, string, int[] Codes) call)
    {
        var responses = OperationOf(call.Name).GetProperty("responses").EnumerateObject().ToArray();

        var codes = responses.SelectMany(response =>
            response.Value.GetProperty("x-xcron-codes").EnumerateArray().Select(code => code.GetInt32()));
        Assert.That(codes, Is.EquivalentTo(CommonCodes.Concat(call.Codes)));
        Assert.That(
            responses.Select(response => response.Value.GetProperty("description").GetString()),
            Has.None.Empty);
    }

    [Test]
    public void What_an_update_may_set_back_may_be_null()
    {
        var update = OperationOf("updateTask").GetProperty("requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("schema").GetProperty("properties");

        Assert.That(update.GetProperty("deadline").GetProperty("type").GetRawText(), Does.Contain("\"null\""));
        Assert.That(update.GetProperty("format").GetProperty("type").GetString(), Is.EqualTo("string"));
    }

    [Test]
    public void Every_answer_but_lines_and_the_document_itself_is_an_envelope()
    {
        var schemas = _document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value
            .EnumerateObject().Single().Value.GetProperty("responses").EnumerateObject().Select(response =>
                (Call: $"{path.Name} {response.Name}", Schema: ReferencesIn(response.Value).Single()[21..])));

        Assert.That(schemas.Where(static answer => answer.Schema != "Envelope"), Is.EquivalentTo((
            (string, string)[])[("/xcron/export 200", "TaskLine"), ("/openapi/v1.json 200", "Document")]));
    }

    [Test]
    public void The_codes_of_all_calls_are_the_contract_s_table()
    {
        int[] table =
        [
            0, 1000, 1001, 1002, 1003, 1005, 1010, 1011, 1020, 1030, 1031, 1040, 1041, 1050, 1051, 1052, 1060, 1061,
            1099,
        ];

        Assert.That(CommonCodes.Concat(Contract.SelectMany(call => call.Codes)).Distinct(), Is.EquivalentTo(table));
        Assert.That(
            typeof(Daemon.Api.ApiCode).GetFields().Select(field => (int)field.GetRawConstantValue()!),
            Is.EquivalentTo(table));
    }

    [Test]
    public void Every_reference_leads_somewhere()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");

        foreach (var reference in ReferencesIn(_document).Distinct())
        {
            Assert.That(reference, Does.StartWith("#/components/schemas/"));
            Assert.That(schemas.TryGetProperty(reference[21..], out _), Is.True, reference);
        }
    }

    [Test]
    public void It_needs_no_key_and_is_said_to_every_client() =>
        Assert.That(
            _document.GetProperty("paths").GetProperty("/openapi/v1.json").GetProperty("get")
                .GetProperty("x-xcron-role").GetString(),
            Is.EqualTo("none"));

    private JsonElement OperationOf(string name) =>
        _document.GetProperty("paths").GetProperty($"/xcron/{name}").EnumerateObject().Single().Value;

    private static void Collect(JsonElement schema, string prefix, List<string> fields)
    {
        if (schema.TryGetProperty("items", out var items))
        {
            Collect(items, prefix, fields);
            return;
        }

        if (!schema.TryGetProperty("properties", out var properties))
            return;
        Assert.That(schema.GetProperty("additionalProperties").GetBoolean(), Is.False);
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()).ToArray()
            : [];
        foreach (var property in properties.EnumerateObject())
        {
            fields.Add($"{prefix}{property.Name}{(required.Contains(property.Name) ? "!" : "")}");
            Assert.That(property.Value.GetProperty("description").GetString(), Does.EndWith("."));
            Collect(property.Value, $"{prefix}{property.Name}.", fields);
        }
    }

    private static IEnumerable<string> ReferencesIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => property.Name == "$ref"
            ? [property.Value.GetString()!]
            : ReferencesIn(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(ReferencesIn),
        _ => [],
    };
}
