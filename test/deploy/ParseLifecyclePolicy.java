import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;
import org.elasticsearch.xpack.core.ilm.DeleteAction;
import org.elasticsearch.xpack.core.ilm.ForceMergeAction;
import org.elasticsearch.xpack.core.ilm.LifecycleAction;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.LifecycleType;
import org.elasticsearch.xpack.core.ilm.ReadOnlyAction;
import org.elasticsearch.xpack.core.ilm.RolloverAction;
import org.elasticsearch.xpack.core.ilm.SetPriorityAction;
import org.elasticsearch.xpack.core.ilm.TimeseriesLifecycleType;

/** Reads lifecycle policies with the classes of Elasticsearch itself, as PUT /_ilm/policy/NAME does: an exception for one it refuses. */
public class ParseLifecyclePolicy {
    public static void main(String[] files) throws Exception {
        List<NamedXContentRegistry.Entry> entries = new ArrayList<>();
        entries.add(new NamedXContentRegistry.Entry(
            LifecycleType.class, new ParseField(TimeseriesLifecycleType.TYPE), p -> TimeseriesLifecycleType.INSTANCE));
        entries.add(new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(DeleteAction.NAME), DeleteAction::parse));
        entries.add(new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(ReadOnlyAction.NAME), ReadOnlyAction::parse));
        entries.add(new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(ForceMergeAction.NAME), ForceMergeAction::parse));
        entries.add(new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(SetPriorityAction.NAME), SetPriorityAction::parse));
        entries.add(new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(RolloverAction.NAME), RolloverAction::parse));
        XContentParserConfiguration configuration = XContentParserConfiguration.EMPTY.withRegistry(new NamedXContentRegistry(entries));
        for (String file : files) {
            try (XContentParser parser = XContentType.JSON.xContent().createParser(configuration, Files.readAllBytes(Path.of(file)))) {
                parser.nextToken(); // {
                parser.nextToken(); // "policy"
                if (!"policy".equals(parser.currentName())) throw new IllegalArgumentException(file + " has no policy");
                parser.nextToken();
                LifecyclePolicy policy = LifecyclePolicy.parse(parser, "spot");
                TimeseriesLifecycleType.INSTANCE.validate(policy.getPhases().values());
                System.out.println(policy.getPhases().get("delete").getMinimumAge() + " " + policy.getPhases().keySet());
            }
        }
    }
}
